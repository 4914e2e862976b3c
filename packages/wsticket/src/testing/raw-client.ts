/**
 * A TCP client that sends exactly the bytes it is told to. Of all the library only this module and the adapters use `node:`
 * modules: no HTTP or WebSocket client can send what a conformance suite must send.
 * @module
 */
import { connect, type Socket } from 'node:net'
import { ConformanceFailure, within } from './conformance-case.ts'
import { decodeFrame, type Frame } from './websocket-frame.ts'

/** What a server answered. */
export interface RawResponse {
  readonly status: number
  /** Names as they were sent, in order. */
  readonly headers: readonly (readonly [name: string, value: string])[]
  readonly body: string
  /** All of it, as it was sent. */
  readonly text: string
}

/** One TCP connection. Every read waits for the bytes, and fails at the deadline or where the connection ends before. */
export interface RawClient {
  send(bytes: string | Uint8Array): void
  /** Everything up to the empty line; the body is what follows. */
  readHead(): Promise<RawResponse>
  /** A whole response, its body as long as Content-Length or its chunks say, or up to the end of the connection. */
  readResponse(): Promise<RawResponse>
  readFrame(): Promise<Frame>
  /** Everything up to the end of the connection, however it ends. */
  readToEnd(): Promise<Buffer>
  /** How many bytes have arrived and not been read. */
  unread(): number
  /** Sends FIN: there is nothing more to come. What the server sends is still received. */
  finish(): void
  /** Sends RST, or closes where FIN has been sent. */
  reset(): void
  /** Fulfilled when the connection is gone: with null where both sides had said so, else with the system's code. */
  readonly closed: Promise<string | null>
}

/** How a client behaves. */
export interface RawClientOptions {
  /** The longest that a read waits, in milliseconds. */
  readonly deadlineMs: number
  /** `keep`: answers the server's FIN with nothing, and can go on sending. Default `finish`, as every decent client. */
  readonly atServersEnd?: 'finish' | 'keep'
}

/** Takes what it is looking for from the start of the bytes; undefined where it is not all there. */
type Take<T> = (bytes: Buffer, ended: boolean) => { readonly value: T; readonly length: number } | undefined

/** Connects to the host and port of a URL. */
export async function connectRaw(url: string, options: RawClientOptions): Promise<RawClient> {
  const { hostname, port } = new URL(url)
  const socket = connect({ host: hostname, port: Number(port), allowHalfOpen: options.atServersEnd === 'keep' })
  // How a connection ends is what the suite looks at, not an error of the suite.
  let failure: string | null = null
  socket.on('error', (error: NodeJS.ErrnoException) => {
    failure ??= error.code ?? error.name
  })
  const closed = new Promise<string | null>((resolve) => socket.once('close', () => resolve(failure)))
  const read = createReader(socket, options.deadlineMs)
  await within(options.deadlineMs, 'Connecting', new Promise<void>((resolve) => socket.once('connect', resolve)))
  return {
    send: (bytes) => void socket.write(bytes),
    readHead: () => read('The head of a response', takeHead),
    readResponse: () => read('A response', takeResponse),
    readFrame: () => read('A frame', takeFrame),
    readToEnd: () => read('The end of the connection', takeEverything),
    unread: () => read.unread(),
    finish: () => void socket.end(),
    // A reset after FIN is an error to libuv, and Node would keep the handle.
    reset: () => void (socket.writableEnded ? socket.destroy() : socket.resetAndDestroy()),
    closed,
  }
}

interface Reader {
  <T>(what: string, take: Take<T>): Promise<T>
  unread(): number
}

function createReader(socket: Socket, deadlineMs: number): Reader {
  let bytes: Buffer = Buffer.alloc(0)
  let ended = false
  let wake = () => {}
  socket.on('data', (chunk: Buffer) => {
    bytes = Buffer.concat([bytes, chunk])
    wake()
  })
  for (const event of ['end', 'close']) {
    socket.once(event, () => {
      ended = true
      wake()
    })
  }
  async function readNow<T>(what: string, take: Take<T>): Promise<T> {
    for (;;) {
      const taken = take(bytes, ended)
      if (taken !== undefined) {
        bytes = bytes.subarray(taken.length)
        return taken.value
      }
      if (ended) throw new ConformanceFailure(`${what} should have come, but the connection ended`)
      await new Promise<void>((resolve) => {
        wake = resolve
      })
    }
  }
  const read = <T>(what: string, take: Take<T>) => within(deadlineMs, what, readNow(what, take))
  return Object.assign(read, { unread: () => bytes.length })
}

const takeEverything: Take<Buffer> = (bytes, ended) => (ended ? { value: bytes, length: bytes.length } : undefined)

const takeFrame: Take<Frame> = (bytes) => {
  const decoded = decodeFrame(bytes)
  return decoded === null ? undefined : { value: decoded.frame, length: decoded.length }
}

const takeHead: Take<RawResponse> = (bytes) => {
  const end = bytes.indexOf('\r\n\r\n')
  if (end < 0) return undefined
  const text = bytes.toString('latin1', 0, end + 4)
  const [statusLine, ...lines] = text.slice(0, end).split('\r\n')
  const headers = lines.map((line) => {
    const mark = line.indexOf(':')
    return [line.slice(0, mark), line.slice(mark + 1).trim()] as const
  })
  return { value: { status: Number(statusLine?.split(' ')[1]), headers, body: '', text }, length: end + 4 }
}

const takeResponse: Take<RawResponse> = (bytes, ended) => {
  const head = takeHead(bytes, ended)
  if (head === undefined) return undefined
  const rest = bytes.subarray(head.length)
  const length = bodyLength(head.value, rest, ended)
  if (length === undefined || rest.length < length) return undefined
  const body = rest.toString('utf8', 0, length)
  return { value: { ...head.value, body, text: head.value.text + body }, length: head.length + length }
}

function bodyLength(head: RawResponse, rest: Buffer, ended: boolean): number | undefined {
  if (head.status < 200 || head.status === 204) return 0
  const length = headerOf(head, 'content-length')
  if (length !== null) return Number(length)
  if (/chunked/i.test(headerOf(head, 'transfer-encoding') ?? '')) {
    const end = rest.indexOf('0\r\n\r\n')
    return end < 0 ? undefined : end + 5
  }
  return ended ? rest.length : undefined
}

/** The value of a header, all its lines joined; null where there is none. */
export function headerOf({ headers }: Pick<RawResponse, 'headers'>, wanted: string): string | null {
  const values = headers.filter(([name]) => name.toLowerCase() === wanted).map(([, value]) => value)
  return values.length === 0 ? null : values.join(', ')
}
