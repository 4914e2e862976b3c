import { once } from 'node:events'
import { connect } from 'node:net'
import { setTimeout as pause } from 'node:timers/promises'
import { describe, expect, it } from 'vitest'
import { boundRequests } from 'wsticket/adapters/node'
import { startServer } from '../../src/server/http-server.ts'

/** How long a client is borne with that sends a byte every half second, in milliseconds, and what it hears. */
async function borneWith(start: string, drip: string): Promise<{ readonly heldMs: number; readonly heard: string }> {
  const server = await startServer({ host: '127.0.0.1', port: 0 }, () => ({
    request: (request, response) => {
      request.resume().on('end', () => response.end('ok'))
    },
    upgrade: (_, socket) => socket.destroy(),
  }))
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

// The server looks every quarter of a second. With the slack that is sooner than a server that looked every two would be.
const lookMs = 250
const slackMs = 1500
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
    const { heldMs, heard } = await borneWith(start, drip)
    expect(heard).toMatch(answer)
    expect(heldMs).toBeGreaterThan(limitMs - 100)
    expect(heldMs).toBeLessThan(limitMs + lookMs + slackMs)
  })

  it('has its answer and stays', async () => {
    const { heldMs, heard } = await borneWith('GET /livez HTTP/1.1\r\nHost: a\r\n\r\n', '')
    expect(heard).toMatch(/^HTTP\/1\.1 200 /)
    expect(heldMs).toBeGreaterThan(keepAliveMs - 100)
    expect(heldMs).toBeLessThan(keepAliveMs + amplyMs)
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
    expect(performance.now() - startedAt).toBeLessThan(amplyMs)
  })
})
