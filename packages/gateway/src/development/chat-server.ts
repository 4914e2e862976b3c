/**
 * The chat server of the development mode: a process of its own, plain `ws`, knows nothing of tickets. It takes the gateway's
 * word for who is speaking, so it listens on loopback only, and tells the process that forked it where.
 * @module
 */
import type { IncomingMessage } from 'node:http'
import type { AddressInfo } from 'node:net'
import { type RawData, type WebSocket, WebSocketServer } from 'ws'

const maxMessageBytes = 4096
const maxTextCharacters = 1000
const maxMembers = 100

const members = new Map<WebSocket, string>()

// Any page can open a WebSocket to a port of this machine; none can send this header.
const verifyClient = ({ req }: { req: IncomingMessage }) => req.headers['x-wsticket-subject'] !== undefined
const server = new WebSocketServer({ host: '127.0.0.1', port: 0, maxPayload: maxMessageBytes, verifyClient })
server.on('connection', welcome)
server.on('listening', () => process.send?.({ port: (server.address() as AddressInfo).port }))
// The parent decides when this ends: an interrupt from the terminal reaches both, a parent that is gone leaves the channel.
process.on('SIGINT', () => {})
process.on('disconnect', () => process.exit(0))

function welcome(socket: WebSocket, request: IncomingMessage): void {
  const who = speakerOf(request)
  if (members.size >= maxMembers) {
    socket.close(1013, 'The room is full')
    return
  }
  send(socket, { type: 'welcome', you: who, others: [...members.values()] })
  broadcast({ type: 'joined', who })
  members.set(socket, who)
  socket.on('error', () => socket.terminate())
  socket.on('message', (data, isBinary) => hear(socket, who, isBinary ? null : textOf(data)))
  socket.on('close', () => {
    members.delete(socket)
    broadcast({ type: 'left', who })
  })
}

function hear(socket: WebSocket, from: string, data: string | null): void {
  const text = spokenText(data)
  if (text === null) send(socket, { type: 'error', detail: 'Say {"type":"say","text":"..."}' })
  else broadcast({ type: 'said', from, text, at: Date.now() })
}

/** Who the gateway says is speaking: percent-encoded where it is not visible ASCII. */
function speakerOf({ headers }: IncomingMessage): string {
  const subject = String(headers['x-wsticket-subject'])
  try {
    return decodeURIComponent(subject)
  } catch {
    return subject
  }
}

/** What a message says; null where it says nothing. */
function spokenText(data: string | null): string | null {
  try {
    const { type, text } = JSON.parse(data ?? '') as { type?: unknown; text?: unknown }
    return type === 'say' && typeof text === 'string' && text !== '' ? text.slice(0, maxTextCharacters) : null
  } catch {
    return null
  }
}

function textOf(data: RawData): string {
  return Buffer.isBuffer(data) ? data.toString() : ''
}

function send(socket: WebSocket, message: object): void {
  if (socket.bufferedAmount > maxMessageBytes * maxMembers) socket.terminate()
  else socket.send(JSON.stringify(message))
}

function broadcast(message: object): void {
  for (const member of members.keys()) send(member, message)
}
