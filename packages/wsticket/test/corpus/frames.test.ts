import { expect, it } from 'vitest'
import { frames } from 'wsticket-corpus/classes/frames'
import { playFrames } from 'wsticket-corpus/frames-play'
import { mostKeptBytes, watch } from 'wsticket-corpus/watch'
import { startEcho } from './echo-server.ts'

it('ws behind the adapter closes on every bad frame, and the process lives on', async () => {
  const target = await startEcho()
  const { result, crashes, keptBytes } = await watch(() => playFrames(target, frames.cases))
  expect(result).toEqual([])
  expect(crashes).toEqual([])
  expect(keptBytes).toBeLessThan(mostKeptBytes)
}, 30_000)
