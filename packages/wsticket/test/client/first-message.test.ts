import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { describe, expect, it, onTestFinished } from 'vitest'
import { WebSocketServer } from 'ws'
import { createWebSocketUpgrade } from '../../src/adapters/ws.ts'
import { createAdmission } from '../../src/admission.ts'
import { createLock, createTicketWebSocket, type TicketSource } from '../../src/client/index.ts'
import { createIssuer } from '../../src/issuer.ts'
import { parseLock } from '../../src/lock.ts'
import { createMemoryStore } from '../../src/stores/memory.ts'
import { generateTicket } from '../../src/ticket.ts'
import { bases } from './bases.ts'
import { opened } from './ticket-server.ts'

const identity = { issuer: 'https://issuer.example', subject: 'alice', expiresAt: null, claims: {} }

/** A server that echoes behind the carrier `message`, and a source of locked tickets for it. */
async function start() {
  const store = createMemoryStore()
  const issuer = createIssuer({ store, audiences: ['chat'] })
  const webSockets = new WebSocketServer({ noServer: true })
  webSockets.on('connection', (socket) =>
    socket.on('message', (data: Buffer) => socket.send(`echo ${data.toString()}`)),
  )
  const server = createServer()
  const admission = createAdmission({
    store,
    audience: 'chat',
    origins: [],
    carriers: ['message'],
    nonBrowserClients: 'any_carrier',
    addressPolicy: 'report',
  })
  server.on('upgrade', createWebSocketUpgrade(admission, webSockets))
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  onTestFinished(() => {
    for (const client of webSockets.clients) client.terminate()
    server.close()
  })
  const ticketSource: TicketSource = async () => {
    const { key, lock } = await createLock()
    const grant = { audience: 'chat', claims: {} }
    const issued = await issuer.issue(identity, grant, { clientAddress: null, origin: null, lock: parseLock(lock) })
    if (typeof issued === 'string' || 'code' in issued) throw new TypeError('there is no ticket')
    return { ticket: issued.ticket, key }
  }
  return { url: `ws://127.0.0.1:${(server.address() as AddressInfo).port}/ws`, ticketSource }
}

describe.each(bases)('A TicketWebSocket on $name with the carrier message', ({ WebSocket }) => {
  it('shows ticket and key before anything that the application sends', async () => {
    const { url, ticketSource } = await start()
    const socket = new (createTicketWebSocket({ ticketSource, carrier: 'message', WebSocket }))(url)
    expect(() => socket.send('too early')).toThrow('not open yet')
    await opened(socket)
    const answer = new Promise((resolve) => socket.addEventListener('message', ({ data }) => resolve(data)))
    socket.send('hello')
    expect(await answer).toBe('echo hello')
    expect(/ws[tk]_/.test(socket.url + socket.protocol)).toBe(false)
    socket.close()
  })

  it('is told why it was refused', async () => {
    const { url } = await start()
    const ticketSource = async () => generateTicket()
    const socket = new (createTicketWebSocket({ ticketSource, carrier: 'message', WebSocket }))(url)
    const close = await new Promise<CloseEvent>((resolve) => socket.addEventListener('close', resolve))
    expect([close.code, close.reason, close.wasClean]).toEqual([4401, 'invalid_ticket', true])
  })
})
