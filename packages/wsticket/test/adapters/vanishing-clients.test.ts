import { createServer } from 'node:http'
import { type AddressInfo, connect, type Socket } from 'node:net'
import { setTimeout as pause } from 'node:timers/promises'
import { afterEach, expect, it } from 'vitest'
import { type AdmissionOptions, createAdmission } from 'wsticket'
import { createUpgradeListener } from 'wsticket/adapters/node'
import { createMemoryStore } from 'wsticket/stores/memory'

const origin = 'https://app.example'
const endings: (() => unknown)[] = []

afterEach(async () => {
  for (const end of endings.splice(0).reverse()) await end()
})

const handshake = `GET /ws HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nOrigin: ${origin}\r\n\r\n`

/** A server where one handshake at a time may wait for its first message. Returns what opens a connection. */
async function serve(options: Partial<AdmissionOptions>): Promise<() => Promise<Socket>> {
  const audience = 'chat'
  const admission = createAdmission({
    store: createMemoryStore(),
    audience,
    origins: [origin],
    carriers: ['message'],
    pending: { inAll: 1 },
    ...options,
  })
  const server = createServer()
  server.on(
    'upgrade',
    createUpgradeListener(admission, ({ socket }) => socket.destroy()),
  )
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  endings.push(() => new Promise((resolve) => server.close(resolve)))
  const { port } = server.address() as AddressInfo
  return async () => {
    const socket = connect(port, '127.0.0.1')
    socket.on('error', () => {})
    endings.push(() => socket.destroy())
    await new Promise((resolve) => socket.once('connect', resolve))
    socket.write(handshake)
    return socket
  }
}

async function statusOf(socket: Socket): Promise<string> {
  const [head] = await Promise.race([
    new Promise<Buffer[]>((resolve) => socket.once('data', (chunk: Buffer) => resolve([chunk]))),
    pause(3000, [Buffer.from('nothing')]),
  ])
  return String(head).slice(9, 12)
}

it('a client that is gone before it may say something waits for nothing any more', async () => {
  let release = () => {}
  const held = new Promise<number>((resolve) => {
    release = () => resolve(0)
  })
  const open = await serve({ limits: { perAddress: () => held } })
  const gone = await open()
  await pause(50)
  gone.resetAndDestroy()
  await pause(50)
  release()
  await expect.poll(async () => statusOf(await open())).toBe('101')
})

it('a client that is gone instead of saying something waits for nothing any more', async () => {
  const open = await serve({})
  for (const leave of ['end', 'resetAndDestroy'] as const) {
    let client = await open()
    await expect
      .poll(async () => {
        const status = await statusOf(client)
        if (status !== '101') client = await open()
        return status
      })
      .toBe('101')
    client[leave]()
  }
  await expect.poll(async () => statusOf(await open())).toBe('101')
})
