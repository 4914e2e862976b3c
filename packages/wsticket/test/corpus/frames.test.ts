import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { expect, it, onTestFinished } from 'vitest'
import { WebSocketServer } from 'ws'
import { createAdmission } from 'wsticket'
import { createWebSocketUpgrade, webSocketLimits } from 'wsticket/adapters/ws'
import { createMemoryStore } from 'wsticket/stores/memory'
import { frames } from 'wsticket-corpus/classes/frames'
import { playFrames } from 'wsticket-corpus/frames-play'
import { pageOrigin } from 'wsticket-corpus/handshake-case'
import { audience } from 'wsticket-corpus/handshake-target'
import { mostKeptBytes, watch } from 'wsticket-corpus/watch'

/** A server that echoes, whose application handles no error. */
async function startEcho() {
  const store = createMemoryStore()
  const webSockets = new WebSocketServer({ noServer: true, ...webSocketLimits })
  webSockets.on('connection', (socket) => {
    socket.on('message', (data, isBinary) => socket.send(data, { binary: isBinary }))
  })
  const server = createServer()
  const admission = createAdmission({ store, audience, origins: [pageOrigin], addressPolicy: 'report' })
  server.on('upgrade', createWebSocketUpgrade(admission, webSockets))
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => {
    for (const client of webSockets.clients) client.terminate()
    server.close()
  })
  return { port: (server.address() as AddressInfo).port, store }
}

it('ws behind the adapter closes on every bad frame, and the process lives on', async () => {
  const target = await startEcho()
  const { result, crashes, keptBytes } = await watch(() => playFrames(target, frames.cases))
  expect(result).toEqual([])
  expect(crashes).toEqual([])
  expect(keptBytes).toBeLessThan(mostKeptBytes)
}, 30_000)
