import { describe, expect, it } from 'vitest'
import { forwardedChains } from 'wsticket-corpus/classes/forwarded-chains'
import { locks } from 'wsticket-corpus/classes/locks'
import { multiplicity } from 'wsticket-corpus/classes/multiplicity'
import { origins } from 'wsticket-corpus/classes/origins'
import { rawHandshakes } from 'wsticket-corpus/classes/raw-handshakes'
import { ticketSyntax } from 'wsticket-corpus/classes/ticket-syntax'
import { playHandshakes } from 'wsticket-corpus/handshake-play'
import { mostKeptBytes, watch } from 'wsticket-corpus/watch'
import { nodeTarget, wsTarget } from './node-target.ts'

describe.each([nodeTarget, wsTarget])('$name', (target) => {
  it.each([ticketSyntax, multiplicity, locks, origins, forwardedChains, rawHandshakes])(
    'gives every case of $name its verdict',
    async ({ cases, good }) => {
      const { result, crashes, keptBytes } = await watch(() => playHandshakes(target, cases))
      expect(result.complaints).toEqual([])
      expect(crashes).toEqual([])
      expect(keptBytes).toBeLessThan(mostKeptBytes)
      expect(result.admitted).toBe(cases.filter(({ verdict }) => good.includes(verdict)).length)
    },
    30_000,
  )
})
