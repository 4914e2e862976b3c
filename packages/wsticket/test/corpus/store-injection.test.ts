import { describe, expect, it } from 'vitest'
import { createMemoryStore } from 'wsticket/stores/memory'
import { presentedTexts } from 'wsticket-corpus/classes/store-injection'
import { playHandshakes } from 'wsticket-corpus/handshake-play'
import { playInjections } from 'wsticket-corpus/injection-play'
import { nodeTarget, wsTarget } from './node-target.ts'

it('the memory store does nothing for an id that means something to an engine, and keeps such texts whole', async () => {
  expect(await playInjections(createMemoryStore())).toEqual([])
})

describe.each([nodeTarget, wsTarget])('$name', (target) => {
  it('refuses such a text in the place of a ticket', async () => {
    expect(await playHandshakes(target, presentedTexts)).toMatchObject({ admitted: 0, complaints: [] })
  })
})
