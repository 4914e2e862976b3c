import { expect, it } from 'vitest'
import { webSocketLimits } from 'wsticket/adapters/ws'
import { createMemoryStore } from 'wsticket/stores/memory'
import { frames } from 'wsticket-corpus/classes/frames'
import { playFrames } from 'wsticket-corpus/frames-play'
import { mostKeptBytes, watch } from 'wsticket-corpus/watch'
import { startGateway } from '../gateway-under-test.ts'
import { startUpstream } from '../upstreams.ts'

it('passes every frame on to the upstream, and its answer back, whatever they are', async () => {
  const upstream = await startUpstream(webSocketLimits)
  upstream.server.on('connection', (socket) => {
    socket.on('error', () => {})
    socket.on('message', (data, isBinary) => socket.send(data, { binary: isBinary }))
  })
  const store = createMemoryStore()
  const gateway = await startGateway(upstream.url, ['--address-policy=report'], { store })
  const { result, crashes, keptBytes } = await watch(() => playFrames({ port: gateway.port, store }, frames.cases))
  expect(result).toEqual([])
  expect(crashes).toEqual([])
  expect(keptBytes).toBeLessThan(mostKeptBytes)
}, 30_000)
