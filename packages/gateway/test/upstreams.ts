/**
 * Upstreams, good and bad ones.
 */
import { createHash } from 'node:crypto'
import { once } from 'node:events'
import type { IncomingMessage } from 'node:http'
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net'
import { onTestFinished } from 'vitest'
import { type ServerOptions, type WebSocket, WebSocketServer } from 'ws'

export interface WebSocketUpstream {
  readonly url: string
  readonly server: WebSocketServer
  /** The next WebSocket that is opened. */
  connection(): Promise<{ readonly socket: WebSocket; readonly request: IncomingMessage }>
}

/** A real WebSocket server, which knows nothing of tickets. */
export async function startUpstream(options: ServerOptions = {}): Promise<WebSocketUpstream> {
  const server = new WebSocketServer({ host: '127.0.0.1', port: 0, ...options })
  await once(server, 'listening')
  onTestFinished(() => {
    for (const client of server.clients) client.terminate()
    server.close()
  })
  return {
    url: `ws://127.0.0.1:${(server.address() as AddressInfo).port}`,
    server,
    async connection() {
      const [socket, request] = (await once(server, 'connection')) as [WebSocket, IncomingMessage]
      return { socket, request }
    },
  }
}

/** One that sends back what it gets. */
export async function startEcho(options: ServerOptions = {}): Promise<WebSocketUpstream> {
  const upstream = await startUpstream(options)
  upstream.server.on('connection', (socket) => {
    socket.on('message', (data, isBinary) => socket.send(data, { binary: isBinary }))
  })
  return upstream
}

export interface RawUpstream {
  readonly url: string
  /** The heads of all requests so far. */
  readonly heads: readonly string[]
  readonly connections: readonly Socket[]
}

/** One that does what it likes with a connection when the head of the request is there. */
export async function startRawUpstream(answer: (socket: Socket, key: string) => void): Promise<RawUpstream> {
  const heads: string[] = []
  const connections: Socket[] = []
  const server: Server = createServer((socket) => {
    connections.push(socket)
    socket.on('error', () => {})
    let head = ''
    const read = (chunk: Buffer) => {
      head += chunk.toString('latin1')
      const end = head.indexOf('\r\n\r\n')
      if (end < 0) return
      socket.off('data', read)
      socket.pause()
      heads.push(head.slice(0, end))
      const rest = head.slice(end + 4)
      if (rest !== '') socket.unshift(Buffer.from(rest, 'latin1'))
      answer(socket, /^sec-websocket-key: (.*)$/im.exec(head)?.[1] ?? '')
    }
    socket.on('data', read)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  onTestFinished(() => {
    for (const socket of connections) socket.destroy()
    server.close()
  })
  return { url: `ws://127.0.0.1:${(server.address() as AddressInfo).port}`, heads, connections }
}

/** The head of a good 101, with more lines. */
export function switchingProtocols(key: string, ...lines: string[]): string {
  const accept = createHash('sha1').update(`${key}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`).digest('base64')
  return head101('Upgrade: websocket', 'Connection: Upgrade', `Sec-WebSocket-Accept: ${accept}`, ...lines)
}

/** A 101 of exactly these lines. */
export function head101(...lines: string[]): string {
  return ['HTTP/1.1 101 Switching Protocols', ...lines, '', ''].join('\r\n')
}
