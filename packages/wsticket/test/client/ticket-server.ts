/**
 * A ticket endpoint and a WebSocket server on one port of this machine: what the client meets, without the client's code.
 * @module
 */
import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { text } from 'node:stream/consumers'
import { type WebSocket, WebSocketServer } from 'ws'
import { generateTicket } from '../../src/ticket.ts'

/** A request that the ticket endpoint saw. */
export interface SeenRequest {
  readonly method: string
  readonly headers: IncomingMessage['headers']
  readonly body: string
}

/** An opening handshake that the server saw. */
export interface SeenHandshake {
  readonly target: string
  readonly protocols: readonly string[]
  readonly ticket: string | null
  readonly key: string | null
}

type Answer = (response: ServerResponse, request: IncomingMessage) => void

/** The server. Whatever it saw is in its arrays; what it does can be replaced while it runs. */
export class TicketServer {
  readonly requests: SeenRequest[] = []
  /** The paths that were asked what became of a ticket. */
  readonly inquiries: string[] = []
  readonly handshakes: SeenHandshake[] = []
  readonly issued: Set<string> = new Set()
  readonly unspent: Set<string> = new Set()
  /** What each ticket was asked to be locked with; undefined for nothing. */
  readonly locks: Map<string, string | undefined> = new Map()
  /** Answers a ticket request. */
  answer: Answer = (response) => this.issue(response)
  /** Answers who asks what became of a ticket. */
  tell: Answer = (response) => answerJson(response, 404, { code: 'not_found' })
  /** Selects a subprotocol. */
  select: (offered: Set<string>) => string | false = (offered) => [...offered][0] ?? false
  /** Gets every admitted socket. By default it sends back what it receives. */
  serve: (socket: WebSocket) => void = (socket) => {
    socket.on('message', (data, isBinary) => socket.send(data, { binary: isBinary }))
  }

  readonly #http = createServer((request, response) => void this.#onRequest(request, response))
  readonly #sockets = new WebSocketServer({
    server: this.#http,
    handleProtocols: (offered) => this.select(offered),
    verifyClient: ({ req }: { req: IncomingMessage }) => this.#admits(req),
  })

  /** Starts a server on a free port. */
  static async start(): Promise<TicketServer> {
    const server = new TicketServer()
    server.#sockets.on('connection', (socket) => server.serve(socket))
    server.#http.listen(0, '127.0.0.1')
    await once(server.#http, 'listening')
    return server
  }

  get host(): string {
    return `127.0.0.1:${(this.#http.address() as AddressInfo).port}`
  }

  get ticketUrl(): string {
    return `http://${this.host}/tickets`
  }

  get socketUrl(): string {
    return `ws://${this.host}/ws`
  }

  /** Answers with a new ticket, locked as the last request says. */
  issue(response: ServerResponse): void {
    const ticket = generateTicket()
    this.locks.set(ticket, JSON.parse(this.requests.at(-1)?.body || '{}').lock)
    this.issued.add(ticket)
    this.unspent.add(ticket)
    answerJson(response, 201, { ticket, id: 'id', expires_in: 30, session_expires_in: null })
  }

  async stop(): Promise<void> {
    for (const socket of this.#sockets.clients) socket.terminate()
    this.#sockets.close()
    this.#http.closeAllConnections()
    this.#http.close()
    await once(this.#http, 'close')
  }

  async #onRequest(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const body = await text(request)
    if (request.method === 'GET') {
      this.inquiries.push(request.url ?? '')
      return this.tell(response, request)
    }
    this.requests.push({ method: request.method ?? '', headers: request.headers, body })
    this.answer(response, request)
  }

  #admits({ url = '', headers }: IncomingMessage): boolean {
    const protocols = (headers['sec-websocket-protocol'] ?? '').split(/, */).filter((protocol) => protocol !== '')
    const query = new URL(url, 'ws://host').searchParams
    const ticket = onlyOne(protocols.filter((protocol) => protocol.startsWith('wst_')).concat(query.getAll('ticket')))
    const key = onlyOne(protocols.filter((protocol) => protocol.startsWith('wsk_')).concat(query.getAll('key')))
    this.handshakes.push({ target: url, protocols, ticket, key })
    return ticket !== null && this.unspent.delete(ticket) && this.locks.get(ticket) === lockOf(key)
  }
}

function onlyOne(texts: readonly string[]): string | null {
  return texts.length === 1 ? (texts[0] ?? null) : null
}

function lockOf(key: string | null): string | undefined {
  return key === null ? undefined : createHash('sha256').update(key).digest('base64url')
}

/** Answers with JSON. */
export function answerJson(response: ServerResponse, status: number, body: unknown, headers = {}): void {
  response.writeHead(status, { 'content-type': 'application/json', ...headers }).end(JSON.stringify(body))
}

/** The next event of a type. */
export function next<Type extends keyof WebSocketEventMap>(
  socket: WebSocketLike,
  type: Type,
): Promise<WebSocketEventMap[Type]> {
  return new Promise((resolve) => {
    socket.addEventListener(type, (event) => resolve(event as WebSocketEventMap[Type]), { once: true })
  })
}

/** Resolves when the socket is open; rejects with what its error says. */
export function opened(socket: WebSocketLike): Promise<void> {
  return new Promise((resolve, reject) => {
    socket.addEventListener('open', () => resolve(), { once: true })
    socket.addEventListener('error', (event) => reject(new Error((event as ErrorEvent).message)), { once: true })
  })
}

/** Every event of a socket up to its close, in the order in which they came. */
export function eventsUntilClose(socket: WebSocketLike): Promise<Event[]> {
  return new Promise((resolve) => {
    const events: Event[] = []
    for (const type of ['open', 'message', 'error', 'close']) {
      socket.addEventListener(type, (event) => {
        events.push(event)
        if (type === 'close') resolve(events)
      })
    }
  })
}

type WebSocketLike = Pick<globalThis.WebSocket, 'addEventListener'>
