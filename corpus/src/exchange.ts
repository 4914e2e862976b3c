/**
 * One connection: exact bytes there, exact bytes back.
 * @module
 */
import { connect } from 'node:net'

/** How a connection is had. */
export interface ExchangeOptions {
  /** The address that it comes from. Default 127.0.0.1. */
  readonly from?: string
  /** Sends FIN behind the bytes. Default false. */
  readonly finishes?: boolean
  /** Called with everything that has come so far; true ends the wait. Default: when an HTTP response is complete. */
  readonly enough?: (received: string) => boolean
  /** Called with everything that has come so far, until it gives something to send. */
  readonly later?: (received: string) => string | null
  /** The longest that the answer may take, in milliseconds. Default 8000: longer than the server waits for a head. */
  readonly deadlineMs?: number
}

/** What came back, as Latin-1, and whether the server ended the connection. */
export interface Exchange {
  readonly text: string
  readonly end: 'closed' | 'enough' | 'deadline'
}

/** Sends bytes (as Latin-1) to a port of this machine, and waits for the answer or the end. */
export function exchange(port: number, bytes: string, options: ExchangeOptions = {}): Promise<Exchange> {
  const {
    from = '127.0.0.1',
    finishes = false,
    enough = bytes.startsWith('HEAD ') ? hasHead : isComplete,
    deadlineMs = 8000,
  } = options
  let { later } = options
  const socket = connect({ port, host: '127.0.0.1', localAddress: from, allowHalfOpen: false })
  return new Promise((resolve) => {
    let text = ''
    const settle = (end: Exchange['end']) => {
      clearTimeout(timer)
      socket.destroy()
      resolve({ text, end })
    }
    const timer = setTimeout(() => settle('deadline'), deadlineMs)
    // A reset is one way in which a server can end it.
    socket.on('error', () => {})
    socket.on('close', () => settle('closed'))
    socket.on('data', (chunk: Buffer) => {
      text += chunk.toString('latin1')
      const more = later?.(text) ?? null
      if (more !== null) {
        later = undefined
        socket.write(more, 'latin1')
      }
      if (enough(text)) settle('enough')
    })
    socket.write(bytes, 'latin1')
    if (finishes) socket.end()
  })
}

/** The status of a response; 0 for none. */
export function statusOf(text: string): number {
  return Number(/^HTTP\/1\.[01] (\d{3})/.exec(text)?.[1] ?? 0)
}

function hasHead(text: string): boolean {
  return text.includes('\r\n\r\n')
}

/** A 101 is complete with its head; what ends with the connection is never complete before that. */
function isComplete(text: string): boolean {
  const end = text.indexOf('\r\n\r\n')
  if (end < 0) return false
  if (statusOf(text) === 101) return true
  const head = text.slice(0, end)
  if (/^connection: close\r?$/im.test(head)) return false
  if (/^transfer-encoding: chunked\r?$/im.test(head)) return text.endsWith('0\r\n\r\n')
  const length = /^content-length: (\d+)\r?$/im.exec(head)?.[1]
  return length !== undefined && text.length >= end + 4 + Number(length)
}
