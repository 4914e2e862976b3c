/**
 * Clients of the gateway: a real WebSocket, and raw bytes.
 */
import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { onTestFinished } from 'vitest'
import { type ClientOptions, WebSocket } from 'ws'
import { origin as appOrigin } from './gateway-under-test.ts'

export interface Opening extends ClientOptions {
  readonly path?: string
  /** Offered before `wsticket.v1` and the ticket. */
  readonly protocols?: readonly string[]
}

/** Opens a WebSocket with a ticket, and waits until it is open. */
export async function openWebSocket(
  { port }: { port: number },
  ticket: string,
  opening: Opening = {},
): Promise<WebSocket> {
  const { path = '/ws', protocols = [], ...options } = opening
  const socket = new WebSocket(`ws://127.0.0.1:${port}${path}`, [...protocols, 'wsticket.v1', ticket], {
    origin: appOrigin,
    ...options,
  })
  onTestFinished(() => socket.terminate())
  await once(socket, 'open')
  return socket
}

/** The next message, as text. */
export async function nextMessage(socket: WebSocket): Promise<string> {
  const [data] = (await once(socket, 'message')) as [Buffer]
  return data.toString()
}

export interface RawClient {
  readonly socket: Socket
  /** The head of the answer. */
  head(): Promise<string>
  /** Everything until the connection ends, the head included. */
  all(): Promise<string>
}

/** Sends the bytes of a handshake with a ticket, and more behind it. */
export function sendHandshake(gateway: { port: number }, ticket: string, more: RawHandshake = {}): RawClient {
  const { target = '/ws', origin = appOrigin, lines = [], behind = '' } = more
  const head = [
    `GET ${target} HTTP/1.1`,
    `Host: 127.0.0.1:${gateway.port}`,
    'Connection: Upgrade',
    'Upgrade: websocket',
    'Sec-WebSocket-Version: 13',
    'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==',
    `Sec-WebSocket-Protocol: wsticket.v1, ${ticket}`,
    `Origin: ${origin}`,
    ...lines,
  ]
  return sendRaw(gateway, Buffer.concat([Buffer.from(`${head.join('\r\n')}\r\n\r\n`, 'latin1'), Buffer.from(behind)]))
}

export interface RawHandshake {
  readonly target?: string
  readonly origin?: string
  readonly lines?: readonly string[]
  readonly behind?: string | Uint8Array
}

/** Sends bytes. */
export function sendRaw({ port }: { port: number }, bytes: Uint8Array | string): RawClient {
  const socket = connect(port, '127.0.0.1')
  onTestFinished(() => {
    socket.destroy()
  })
  socket.on('error', () => {})
  socket.write(bytes)
  let received = ''
  let ended = false
  const waiting = new Set<() => void>()
  const look = () => {
    for (const check of waiting) check()
  }
  socket.on('data', (chunk) => {
    received += chunk.toString('latin1')
    look()
  })
  socket.on('close', () => {
    ended = true
    look()
  })
  const when = (isThere: () => boolean) =>
    new Promise<void>((resolve) => {
      const check = () => {
        if (!isThere()) return
        waiting.delete(check)
        resolve()
      }
      waiting.add(check)
      check()
    })
  return {
    socket,
    async head() {
      await when(() => ended || received.includes('\r\n\r\n'))
      return received.slice(0, received.indexOf('\r\n\r\n'))
    },
    async all() {
      await when(() => ended)
      return received
    },
  }
}
