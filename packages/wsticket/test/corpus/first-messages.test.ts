import { expect, it } from 'vitest'
import { firstMessages } from 'wsticket-corpus/classes/first-messages'
import { playFirstMessages } from 'wsticket-corpus/first-messages-play'
import { mostKeptBytes, watch } from 'wsticket-corpus/watch'
import { byNode, byWs, startEcho } from './echo-server.ts'

it.each([
  ['the adapter for node:http', byNode],
  ['the adapter for ws', byWs],
])(
  '%s lets nobody in but by a good first message, and the process lives on',
  async (_, guard) => {
    const target = await startEcho({ carriers: ['message'], messageDeadlineMs: 4000 }, guard)
    const { result, crashes, keptBytes } = await watch(() => playFirstMessages(target, firstMessages.cases))
    expect(result).toEqual([])
    expect(crashes).toEqual([])
    expect(keptBytes).toBeLessThan(mostKeptBytes)
  },
  30_000,
)
