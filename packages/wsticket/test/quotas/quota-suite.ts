/** What every quota of tickets has to keep, over two handles that share an engine. */
import { describe, expect, it } from 'vitest'
import type { Subject } from '../../src/credential.ts'
import { sha256 } from '../../src/digest.ts'
import type { TicketId } from '../../src/ticket.ts'
import type { CountedTicket, TicketQuota } from '../../src/ticket-quota.ts'
import { at } from '../core/fixtures.ts'

const most = 5
const lifetimeMs = 30_000

/** Two handles for one engine. */
export interface QuotaHarness {
  readonly handles: readonly [TicketQuota, TicketQuota]
}

let subjects = 0

/** A subject whom no other test knows. */
export function anybody(): Subject {
  subjects += 1
  return `https://issuer.example#${subjects}'"\\ü${'n'.repeat(900)}` as Subject
}

function ticketOf(subject: Subject, number: number, expiresAt: number): CountedTicket {
  return { id: sha256(`${subject} ${number}`) as TicketId, subject, expiresAt: at(expiresAt) }
}

/** Puts a quota before the suite. Its engines remove what is old by their own clocks: the present is theirs. */
export function describeQuota(harness: () => QuotaHarness): void {
  const now = Date.now()

  async function fill(subject: Subject): Promise<readonly CountedTicket[]> {
    const tickets = Array.from({ length: most }, (_, n) => ticketOf(subject, n, now + lifetimeMs + n))
    for (const ticket of tickets) expect(await harness().handles[0].claim(ticket, most, at(now))).toBe(0)
    return tickets
  }

  describe('a quota of tickets', () => {
    it('counts as many as there may be, over both handles, and says when the first of them is over', async () => {
      const subject = anybody()
      await fill(subject)
      const one = ticketOf(subject, 9, now + lifetimeMs)
      expect(await harness().handles[1].claim(one, most, at(now + 1000))).toBe(lifetimeMs - 1000)
      expect(await harness().handles[1].claim(one, most + 1, at(now + 1000))).toBe(0)
      expect(await harness().handles[0].claim(ticketOf(anybody(), 0, now + lifetimeMs), most, at(now))).toBe(0)
    })

    it('has room again when a ticket is over, and not a moment before', async () => {
      const subject = anybody()
      await fill(subject)
      const one = ticketOf(subject, 9, now + 2 * lifetimeMs)
      expect(await harness().handles[1].claim(one, most, at(now + lifetimeMs - 1))).toBe(1)
      expect(await harness().handles[1].claim(one, most, at(now + lifetimeMs))).toBe(0)
      expect(await harness().handles[1].claim(ticketOf(subject, 10, now + 99_999), most, at(now + lifetimeMs))).toBe(1)
    })

    it('has room again for a ticket that is given back, once, and for none that was not counted', async () => {
      const subject = anybody()
      const [first, second] = harness().handles
      const [spent] = await fill(subject)
      for (const other of [ticketOf(subject, 9, now + lifetimeMs), ticketOf(anybody(), 0, now + lifetimeMs)])
        await second.giveBack(other)
      expect(await first.claim(ticketOf(subject, 10, now + lifetimeMs), most, at(now))).toBeGreaterThan(0)
      for (let often = 0; often < 3; often++) await second.giveBack(spent as CountedTicket)
      expect(await first.claim(ticketOf(subject, 11, now + lifetimeMs), most, at(now))).toBe(0)
      expect(await first.claim(ticketOf(subject, 12, now + lifetimeMs), most, at(now))).toBeGreaterThan(0)
    })

    it('counts the first tickets of a subject, also where both handles have one in the same moment', async () => {
      const claims = Array.from({ length: 40 }, anybody).flatMap((subject) =>
        harness().handles.map((quota, n) => quota.claim(ticketOf(subject, n, now + lifetimeMs), 2, at(now))),
      )
      expect(new Set(await Promise.all(claims))).toEqual(new Set([0]))
    })

    it('counts no more than there may be of a hundred at once', async () => {
      const subject = anybody()
      const claims = Array.from({ length: 100 }, (_, n) =>
        (harness().handles[n % 2] as TicketQuota).claim(ticketOf(subject, n, now + lifetimeMs), most, at(now)),
      )
      expect((await Promise.all(claims)).filter((waitMs) => waitMs === 0)).toHaveLength(most)
    })
  })
}
