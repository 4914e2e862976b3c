import { describe, expect, it } from 'vitest'
import { classes } from 'wsticket-corpus/classes'
import { createSeededRandom } from 'wsticket-corpus/seeded-random'
import { ticketOf } from 'wsticket-corpus/tickets'

const leastCases: { readonly [name: string]: number } = {
  'forged-credentials': 260,
  'ticket-syntax': 220,
  multiplicity: 180,
  locks: 140,
  'store-injection': 120,
  origins: 150,
  'forwarded-chains': 390,
  claims: 120,
  identities: 150,
  'log-texts': 80,
  'raw-handshakes': 420,
  'event-streams': 160,
  frames: 120,
  'first-messages': 130,
  smuggling: 110,
  configuration: 90,
}

describe('the corpus', () => {
  it('has no fewer cases than it had', () => {
    const counts = Object.fromEntries(classes.map(({ name, cases }) => [name, cases.length]))
    expect(Object.keys(counts)).toEqual(Object.keys(leastCases))
    for (const [name, least] of Object.entries(leastCases)) expect(counts[name]).toBeGreaterThanOrEqual(least)
    expect(classes.reduce((sum, { cases }) => sum + cases.length, 0)).toBeGreaterThan(3000)
  })

  it.each(classes)('$name has good cases and bad ones, each with a name of its own that shows no secret', (one) => {
    const names = one.cases.map(({ name }) => name)
    const good = one.cases.filter(({ verdict }) => one.good.includes(verdict))
    expect(new Set(names).size).toBe(names.length)
    expect(names.filter((name) => /wst_[\w-]{20}|eyJ[\w-]+\./.test(name))).toEqual([])
    expect(good.length).toBeGreaterThan(0)
    expect(good.length).toBeLessThan(names.length)
  })

  it('is the same on every run', () => {
    const random = createSeededRandom(7)
    expect([random.below(1000), random.below(1000), random.text('abc', 5)]).toMatchInlineSnapshot(`
      [
        583,
        255,
        "babab",
      ]
    `)
    expect(ticketOf('a').slice(4, 8)).toMatchInlineSnapshot(`"ypeB"`)
  })
})
