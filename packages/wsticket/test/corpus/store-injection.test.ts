import { describe, expect, it } from 'vitest'
import { createMemoryStore } from 'wsticket/stores/memory'
import { storeInjection } from 'wsticket-corpus/classes/store-injection'
import { handshakeCase } from 'wsticket-corpus/handshake-case'
import { playHandshakes } from 'wsticket-corpus/handshake-play'
import { playInjections } from 'wsticket-corpus/injection-play'
import { nodeTarget, wsTarget } from './node-target.ts'

it('the memory store does nothing for an id that means something to an engine, and keeps such texts whole', async () => {
  expect(await playInjections(createMemoryStore())).toEqual([])
})

const presented = storeInjection.cases
  .filter(({ text }) => text.length < 2000 && text.isWellFormed() && !/^wst_[\w-]{43}$/.test(text))
  .map(({ name, text }) =>
    handshakeCase(`injection ${name}`, 'invalid_ticket', {
      setting: 'every_carrier',
      requestLine: `GET /ws?ticket=${encodeURIComponent(text)} HTTP/1.1`,
      lines: { protocol: [] },
    }),
  )

describe.each([nodeTarget, wsTarget])('$name', (target) => {
  it('refuses such a text in the place of a ticket', async () => {
    expect(await playHandshakes(target, presented)).toMatchObject({ admitted: 0, complaints: [] })
  })
})
