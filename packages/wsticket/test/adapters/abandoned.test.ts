import { createServer } from 'node:http'
import { type AddressInfo, connect } from 'node:net'
import { afterEach, expect, it } from 'vitest'
import { createAdmission, createIssuer, createSessions } from 'wsticket'
import { type Accept, createUpgradeListener, refuseUpgrade } from 'wsticket/adapters/node'
import { createMemorySessionDirectory } from 'wsticket/session-directories/memory'
import { createMemorySessionLog } from 'wsticket/session-logs/memory'
import { createMemoryStore } from 'wsticket/stores/memory'

const origin = 'https://app.example'
const endings: (() => unknown)[] = []

afterEach(async () => {
  for (const end of endings.splice(0).reverse()) await end()
})

/** A server where alice may have one session, over all nodes. Returns what opens a WebSocket, and resolves with its status. */
async function serve(accept: Accept): Promise<() => Promise<string>> {
  const store = createMemoryStore()
  const issuer = createIssuer({ store, audiences: ['chat'] })
  const sessions = createSessions({
    log: createMemorySessionLog(),
    directory: createMemorySessionDirectory(),
    sessionsPerSubject: 1,
  })
  endings.push(() => sessions.close())
  const admission = createAdmission({ store, audience: 'chat', origins: [origin], sessions })
  const server = createServer()
  server.on('upgrade', createUpgradeListener(admission, accept))
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  endings.push(() => new Promise((resolve) => server.close(resolve)))
  const { port } = server.address() as AddressInfo
  const identity = { issuer: 'https://issuer.example', subject: 'alice', expiresAt: null, claims: {} }
  return async () => {
    const issued = await issuer.issue(identity, { audience: 'chat' }, { clientAddress: '127.0.0.1', origin })
    if (typeof issued !== 'object' || !('ticket' in issued)) throw new TypeError('there should be a ticket')
    const socket = connect(port, '127.0.0.1')
    socket.write(
      `GET /ws HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nOrigin: ${origin}\r\nSec-WebSocket-Protocol: wsticket.v1, ${issued.ticket}\r\n\r\n`,
    )
    const [head] = await new Promise<Buffer[]>((resolve) => {
      socket.on('data', (chunk: Buffer) => resolve([chunk]))
      socket.on('error', () => {})
      socket.on('close', () => resolve([Buffer.from('HTTP/1.1 gone')]))
    })
    const status = String(head).slice(9, 13).trim()
    if (status !== '101' && !socket.destroyed) await new Promise((resolve) => socket.once('close', resolve).end())
    return status
  }
}

const badGateway = { status: 502, headers: {}, body: '' }

it.each<readonly [string, Accept, string]>([
  ['that is refused after all', ({ socket }) => refuseUpgrade(socket, badGateway), '502'],
  ['whose connection is gone', ({ socket }) => socket.destroy(), 'gone'],
])('a WebSocket %s leaves its place to the next one at once', async (_, accept, status) => {
  const open = await serve(accept)
  for (let attempt = 0; attempt < 3; attempt += 1) expect(await open()).toBe(status)
})

it('a WebSocket that is there keeps its place, and others are refused, until it is closed', async () => {
  const closes: (() => void)[] = []
  const open = await serve(({ socket }, decision) => {
    socket.write('HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n')
    const detach = decision.attach({ close: () => socket.destroy(), destroy: () => socket.destroy() })
    socket.once('close', () => detach())
    closes.push(() => socket.destroy())
  })
  expect(await open()).toBe('101')
  expect(await open()).toBe('429')
  for (const close of closes) close()
  await expect.poll(open).toBe('101')
  for (const close of closes) close()
})
