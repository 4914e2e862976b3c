import { describe, expect, it } from 'vitest'
import { playClass } from 'wsticket-corpus/class-play'
import { eventStreams } from 'wsticket-corpus/classes/event-streams'
import { forwardedChains } from 'wsticket-corpus/classes/forwarded-chains'
import { locks } from 'wsticket-corpus/classes/locks'
import { multiplicity } from 'wsticket-corpus/classes/multiplicity'
import { origins } from 'wsticket-corpus/classes/origins'
import { rawHandshakes } from 'wsticket-corpus/classes/raw-handshakes'
import { ticketSyntax } from 'wsticket-corpus/classes/ticket-syntax'
import { nodeTarget, streamTarget, wsTarget } from './node-target.ts'

describe.each([nodeTarget, wsTarget])('$name', (target) => {
  it.each([ticketSyntax, multiplicity, locks, origins, forwardedChains, rawHandshakes])(
    'gives every case of $name its verdict',
    async (played) => expect(await playClass(target, played)).toEqual([]),
    30_000,
  )
})

it('admitEventStream gives every case of event-streams its verdict', async () => {
  expect(await playClass(streamTarget, eventStreams)).toEqual([])
}, 30_000)
