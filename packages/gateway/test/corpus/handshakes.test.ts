import { describe, expect, it } from 'vitest'
import { playClass } from 'wsticket-corpus/class-play'
import { eventStreams } from 'wsticket-corpus/classes/event-streams'
import { forwardedChains } from 'wsticket-corpus/classes/forwarded-chains'
import { locks } from 'wsticket-corpus/classes/locks'
import { multiplicity } from 'wsticket-corpus/classes/multiplicity'
import { origins } from 'wsticket-corpus/classes/origins'
import { rawHandshakes } from 'wsticket-corpus/classes/raw-handshakes'
import { presentedTexts } from 'wsticket-corpus/classes/store-injection'
import { ticketSyntax } from 'wsticket-corpus/classes/ticket-syntax'
import { playHandshakes } from 'wsticket-corpus/handshake-play'
import { gatewayStreamTarget, gatewayTarget } from './gateway-target.ts'

describe('the gateway', () => {
  it.each([ticketSyntax, multiplicity, locks, origins, forwardedChains, rawHandshakes])(
    'gives every case of $name the verdict that the adapters give',
    async (played) => expect(await playClass(gatewayTarget, played)).toEqual([]),
    30_000,
  )

  it('gives every case of event-streams the verdict that admitEventStream gives', async () => {
    expect(await playClass(gatewayStreamTarget, eventStreams)).toEqual([])
  }, 30_000)

  it('refuses a text that means something to an engine in the place of a ticket', async () => {
    expect(await playHandshakes(gatewayTarget, presentedTexts)).toMatchObject({ admitted: 0, complaints: [] })
  }, 30_000)
})
