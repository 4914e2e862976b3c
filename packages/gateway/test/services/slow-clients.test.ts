import { once } from 'node:events'
import { connect } from 'node:net'
import { setTimeout as pause } from 'node:timers/promises'
import { describe, expect, it } from 'vitest'
import { boundRequests } from 'wsticket/adapters/node'
import { startServer } from '../../src/server/http-server.ts'

interface Client {
  /** What it sends at first. */
  readonly start: string
  /** What it sends every half second. */
  readonly drip?: string
  /** When it comes, in milliseconds after the server began to listen. */
  readonly comesAtMs?: number
}

interface Borne {
  readonly heldMs: number
  readonly heard: string
}

/** How long a client is borne with, in milliseconds, and what it hears. */
async function borneWith({ start, drip = '', comesAtMs = 0 }: Client): Promise<Borne> {
  const server = await startServer({ host: '127.0.0.1', port: 0 }, () => ({
    request: (request, response) => {
      request.resume().on('end', () => response.end('ok'))
    },
    upgrade: (_, socket) => socket.destroy(),
  }))
  await pause(comesAtMs)
  const socket = connect(Number(new URL(server.url).port), '127.0.0.1')
  let heard = ''
  socket.on('data', (chunk: Buffer) => {
    heard += chunk.toString()
  })
  socket.on('error', () => {})
  const startedAt = performance.now()
  socket.write(start)
  const dripping = drip === '' ? undefined : setInterval(() => socket.write(drip), 500)
  await once(socket, 'close')
  const heldMs = performance.now() - startedAt
  clearInterval(dripping)
  await server.close()
  return { heldMs, heard }
}

const clients = 3
const apartMs = 4000

/** The same of several, who come one after another: where the machine stands still for a moment, not all of them stay longer. */
async function allBorneWith(client: Client): Promise<{ readonly all: readonly Borne[]; shortestMs: number }> {
  const coming = Array.from({ length: clients }, async (_, at) => {
    await pause(at * apartMs)
    return borneWith(client)
  })
  const all = await Promise.all(coming)
  return { all, shortestMs: Math.min(...all.map(({ heldMs }) => heldMs)) }
}

// The server looks every quarter of a second.
const lookMs = 250
const slackMs = 1250
// One that looked every two seconds would have looked so long before somebody's time is up, and be later than that.
const tooSlowMs = 2000
const beforeMs = 250
// Node adds a second to that.
const keepAliveMs = 5000
const amplyMs = 3000

describe.concurrent('the gateway lets go of a client that', () => {
  it.each([
    ['never says anything', '', '', 10_000, /^(?:HTTP\/1\.1 408 |$)/],
    ['drips its head', 'GET /ws HTTP/1.1\r\nHost: a\r\nX: ', 'a', 10_000, /^HTTP\/1\.1 408 /],
    [
      'drips its body',
      'POST /tickets HTTP/1.1\r\nHost: a\r\nContent-Length: 4000\r\n\r\n',
      'a',
      15_000,
      /^HTTP\/1\.1 408 /,
    ],
  ] as const)('%s', async (_, start, drip, limitMs, answer) => {
    const comesAtMs = tooSlowMs - ((limitMs - beforeMs) % tooSlowMs)
    const { all, shortestMs } = await allBorneWith({ start, drip, comesAtMs })
    for (const { heard } of all) expect(heard).toMatch(answer)
    expect(shortestMs).toBeGreaterThan(limitMs - 100)
    expect(shortestMs).toBeLessThan(limitMs + lookMs + slackMs)
  })

  it('has its answer and stays', async () => {
    const { all, shortestMs } = await allBorneWith({ start: 'GET /livez HTTP/1.1\r\nHost: a\r\n\r\n' })
    for (const { heard } of all) expect(heard).toMatch(/^HTTP\/1\.1 200 /)
    expect(shortestMs).toBeGreaterThan(keepAliveMs - 100)
    expect(shortestMs).toBeLessThan(keepAliveMs + amplyMs)
  })

  it('reads no answer', { timeout: 60_000 }, async ({ onTestFinished }) => {
    const server = await startServer({ host: '127.0.0.1', port: 0 }, () => ({
      request: boundRequests((_, response) => void response.end(Buffer.alloc(32 * 2 ** 20))),
      upgrade: (_, socket) => socket.destroy(),
    }))
    onTestFinished(() => server.close())
    const socket = connect(Number(new URL(server.url).port), '127.0.0.1').pause()
    socket.on('error', () => {})
    socket.write('GET / HTTP/1.1\r\nHost: a\r\n\r\n')
    // Node looks twice: at first something had been written.
    await pause(2 * 15_000 + amplyMs)
    socket.resume()
    const startedAt = performance.now()
    await once(socket, 'close')
    expect(socket.bytesRead).toBeLessThan(32 * 2 ** 20)
    // The next look is 15 seconds later.
    expect(performance.now() - startedAt).toBeLessThan(10_000)
  })
})
