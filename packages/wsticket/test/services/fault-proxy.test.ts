import { once } from 'node:events'
import { type AddressInfo, createConnection, createServer, type Socket } from 'node:net'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { type FaultProxy, startFaultProxy } from 'wsticket-engines/fault-proxy'
import { until } from 'wsticket-engines/until'

/** Says what it hears, and keeps it. */
async function startEcho() {
  let heard = ''
  const sockets = new Set<Socket>()
  const server = createServer((socket) => {
    sockets.add(socket)
    socket.on('error', () => {})
    socket.on('data', (chunk) => {
      heard += chunk
      socket.write(chunk)
    })
  })
  await once(server.listen(0, '127.0.0.1'), 'listening')
  const stop = () => {
    server.close()
    for (const socket of sockets) socket.destroy()
  }
  return { port: (server.address() as AddressInfo).port, heard: () => heard, stop }
}

/** A client that keeps what it hears, and how it ended. */
async function connect(port: number) {
  const socket = createConnection(port, '127.0.0.1')
  const client = { socket, heard: '', error: null as string | null, say: (text: string) => void socket.write(text) }
  socket.on('data', (chunk) => (client.heard += chunk))
  socket.on('error', (error: NodeJS.ErrnoException) => (client.error = error.code ?? 'unknown'))
  await once(socket, 'connect')
  opened.push(socket)
  return client
}

const quietMs = 100
const opened: Socket[] = []
let echo: Awaited<ReturnType<typeof startEcho>>
let proxy: FaultProxy

beforeEach(async () => {
  echo = await startEcho()
  proxy = await startFaultProxy({ to: echo.port, protocol: 'lines' })
})

afterEach(async () => {
  for (const socket of opened.splice(0)) socket.destroy()
  await proxy.stop()
  echo.stop()
})

describe('the fault proxy', () => {
  it('hands everything on, and knows how often a request went over the line', async () => {
    const client = await connect(proxy.port)
    client.say('one\ntwo\none\n')
    await until('all is echoed', () => client.heard === 'one\ntwo\none\n')
    expect([proxy.requestsWith('one'), proxy.requestsWith('two'), proxy.requestsWith('three')]).toEqual([2, 1, 0])
    expect(proxy.connections()).toBe(1)
    proxy.forget()
    expect(proxy.requestsWith('one')).toBe(0)
  })

  it('refuses new connections, keeps those that are open, and accepts again on the same port', async () => {
    const client = await connect(proxy.port)
    proxy.refuse()
    await expect(connect(proxy.port)).rejects.toMatchObject({ code: 'ECONNREFUSED' })
    client.say('still here\n')
    await until('it is echoed', () => client.heard === 'still here\n')
    await proxy.accept()
    await connect(proxy.port)
  })

  it('resets every connection', async () => {
    const clients = [await connect(proxy.port), await connect(proxy.port)]
    await until('both are open', () => proxy.connections() === 2)
    proxy.cut()
    await until('both are reset', () => clients.every(({ error }) => error === 'ECONNRESET'))
    await until('none is open', () => proxy.connections() === 0)
  })

  it('holds what clients say, until it passes', async () => {
    const client = await connect(proxy.port)
    proxy.hold('requests')
    const late = await connect(proxy.port)
    client.say('held\n')
    late.say('too\n')
    await staysTrue(() => echo.heard() === '')
    expect(client.socket.readyState).toBe('open')
    proxy.pass()
    await until('both are echoed', () => client.heard === 'held\n' && late.heard === 'too\n')
  })

  it('holds what the engine says, until it passes', async () => {
    const client = await connect(proxy.port)
    proxy.hold('replies')
    client.say('one\ntwo\n')
    await until('the engine heard it', () => echo.heard() === 'one\ntwo\n')
    await staysTrue(() => client.heard === '')
    proxy.pass()
    await until('both replies came', () => client.heard === 'one\ntwo\n')
  })

  it('strands the connections that are open, and none that come later', async () => {
    const client = await connect(proxy.port)
    await until('it is open', () => proxy.connections() === 1)
    proxy.strand()
    const late = await connect(proxy.port)
    client.say('stranded\n')
    late.say('late\n')
    await until('the later one is echoed', () => late.heard === 'late\n')
    proxy.pass()
    await staysTrue(() => client.heard === '' && !client.socket.closed)
  })

  it('delays replies, and keeps their order when it delays no longer', async () => {
    const client = await connect(proxy.port)
    proxy.delayReplies(300)
    const startedAt = performance.now()
    client.say('slow\n')
    await until('it is echoed', () => client.heard === 'slow\n')
    expect(performance.now() - startedAt).toBeGreaterThan(290)
    client.say('slow again\n')
    await until('the engine heard it', () => echo.heard().endsWith('again\n'))
    proxy.delayReplies(0)
    client.say('quick\n')
    await until('all is echoed', () => client.heard === 'slow\nslow again\nquick\n')
  })

  it('loses the reply to one request, which was executed, and none that came before', async () => {
    const client = await connect(proxy.port)
    const lost = proxy.loseReply('two')
    client.say('one\ntwo\n')
    await lost
    await until('the connection is gone', () => client.socket.closed)
    expect(echo.heard()).toContain('two\n')
    expect(['', 'one\n']).toContain(client.heard)
    const next = await connect(proxy.port)
    next.say('two\n')
    await until('only one is lost', () => next.heard === 'two\n')
  })

  it('delays the reply to one request, and what comes after it', async () => {
    const client = await connect(proxy.port)
    const startedAt = performance.now()
    const delayed = proxy.delayReply('two', 200)
    client.say('one\ntwo\nthree\n')
    await until('the one before is echoed', () => client.heard === 'one\n')
    await delayed
    expect(performance.now() - startedAt).toBeGreaterThan(190)
    await until('all is echoed', () => client.heard === 'one\ntwo\nthree\n')
  })

  it('swaps two replies on one connection, and none between them', async () => {
    const client = await connect(proxy.port)
    const swapped = proxy.swapReplies('one', 'three')
    client.say('zero\none\ntwo\n')
    await until('the first is echoed', () => client.heard === 'zero\n')
    client.say('three\nfour\n')
    await swapped
    await until('all is echoed', () => client.heard === 'zero\nthree\ntwo\none\nfour\n')
  })

  it('swaps the replies of two connections', async () => {
    const [left, right] = [await connect(proxy.port), await connect(proxy.port)]
    const swapped = proxy.swapReplies('left', 'right')
    left.say('left\n')
    right.say('right\n')
    await swapped
    await until('both are swapped', () => left.heard === 'right\n' && right.heard === 'left\n')
  })

  it('flaps, and ends with everything as before', async () => {
    const states = new Set<string>()
    const end = proxy.flap(200)
    await until('it was up and down', async () => {
      states.add(
        await connect(proxy.port).then(
          () => 'up',
          () => 'down',
        ),
      )
      return states.size === 2
    })
    await end()
    const client = await connect(proxy.port)
    client.say('up\n')
    await until('it stays up', () => client.heard === 'up\n')
  })

  it('resets a client whose engine is gone', async () => {
    echo.stop()
    const client = await connect(proxy.port)
    await until('the connection is reset', () => client.error === 'ECONNRESET')
  })

  it('finds the messages of Redis wherever their bytes are divided', async () => {
    const redis = await startFaultProxy({ to: echo.port, protocol: 'redis' })
    const client = await connect(redis.port)
    const messages = ['*2\r\n$3\r\nGET\r\n$4\r\na\r\nb\r\n', '*1\r\n%1\r\n+k\r\n*-1\r\n', '*1\r\n$-1\r\n', '*0\r\n']
    const said = messages.join('')
    client.socket.setNoDelay(true)
    for (const byte of said) {
      client.say(byte)
      // So that the next byte is another segment.
      await new Promise((resolve) => setImmediate(resolve))
    }
    await until('all is echoed', () => client.heard === said)
    expect(redis.requestsWith('*')).toBe(messages.length)
    await redis.stop()
  })
})

/** Expects a condition to hold for a while: there is nothing to wait for where nothing may happen. */
async function staysTrue(condition: () => boolean): Promise<void> {
  const endsAt = performance.now() + quietMs
  while (performance.now() < endsAt) {
    expect(condition()).toBe(true)
    await new Promise((resolve) => setTimeout(resolve, 10))
  }
}
