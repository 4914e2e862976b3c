import { describe, expect, it } from 'vitest'
import { forwardedChains } from 'wsticket-corpus/classes/forwarded-chains'
import { locks } from 'wsticket-corpus/classes/locks'
import { multiplicity } from 'wsticket-corpus/classes/multiplicity'
import { origins } from 'wsticket-corpus/classes/origins'
import { rawHandshakes } from 'wsticket-corpus/classes/raw-handshakes'
import { presentedTexts } from 'wsticket-corpus/classes/store-injection'
import { ticketSyntax } from 'wsticket-corpus/classes/ticket-syntax'
import { playHandshakes } from 'wsticket-corpus/handshake-play'
import { mostKeptBytes, watch } from 'wsticket-corpus/watch'
import { gatewayTarget } from './gateway-target.ts'

describe('the gateway', () => {
  it.each([ticketSyntax, multiplicity, locks, origins, forwardedChains, rawHandshakes])(
    'gives every case of $name the verdict that the adapters give',
    async ({ cases, good }) => {
      const { result, crashes, keptBytes } = await watch(() => playHandshakes(gatewayTarget, cases))
      expect(result.complaints).toEqual([])
      expect(crashes).toEqual([])
      expect(keptBytes).toBeLessThan(mostKeptBytes)
      expect(result.admitted).toBe(cases.filter(({ verdict }) => good.includes(verdict)).length)
    },
    30_000,
  )

  it('refuses a text that means something to an engine in the place of a ticket', async () => {
    expect(await playHandshakes(gatewayTarget, presentedTexts)).toMatchObject({ admitted: 0, complaints: [] })
  })
})
