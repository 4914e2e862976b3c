import { expect, it } from 'vitest'
import { createMemoryStore } from 'wsticket/stores/memory'
import { firstMessages } from 'wsticket-corpus/classes/first-messages'
import { playFirstMessages } from 'wsticket-corpus/first-messages-play'
import { mostKeptBytes, watch } from 'wsticket-corpus/watch'
import { startGateway } from '../gateway-under-test.ts'
import { startUpstream } from '../upstreams.ts'

it('lets nobody through to the upstream but by a good first message', async () => {
  const upstream = await startUpstream()
  upstream.server.on('connection', (socket) => {
    socket.on('error', () => {})
    socket.on('message', (data, isBinary) => socket.send(data, { binary: isBinary }))
  })
  const store = createMemoryStore()
  const gateway = await startGateway(upstream.url, ['--address-policy=report', '--carrier=message'], { store })
  const { result, crashes, keptBytes } = await watch(() =>
    playFirstMessages({ port: gateway.port, store }, firstMessages.cases),
  )
  expect(result).toEqual([])
  expect(crashes).toEqual([])
  expect(keptBytes).toBeLessThan(mostKeptBytes)
}, 60_000)
