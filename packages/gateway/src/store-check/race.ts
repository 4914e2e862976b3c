/**
 * A race: tickets that are each redeemed many times at once, over several connections.
 * @module
 */
import { type Clock, createIssuer, type Issuer, type TicketId, type TicketStore } from 'wsticket'
import { createUrlHarness } from 'wsticket/testing/url-harness'

/** How many take part. */
export const field = { racers: 16, connections: 4 } as const

/** How often tickets were redeemed. */
export interface RaceResult {
  /** How many tickets were raced for; fewer than were meant to be where the race was stopped. */
  readonly tickets: number
  readonly redeemedOnce: number
  readonly redeemedOften: number
  readonly redeemedNever: number
  /** How many redeems ended in a fault. */
  readonly faults: number
}

const atOnce = 20
const identity = { issuer: 'https://race.example', subject: 'racer', expiresAt: null, claims: {} }

/** Races on a namespace of its own, which is removed afterwards. */
export async function race(url: string, tickets: number, signal: AbortSignal): Promise<RaceResult> {
  const harness = createUrlHarness(url)
  try {
    const stores: [TicketStore, ...TicketStore[]] = [await harness.open()]
    while (stores.length < field.connections) stores.push(await harness.openSecond())
    return await raceOver(stores, { tickets, clock: harness.clock.now, signal })
  } finally {
    await harness.dispose()
  }
}

type Stores = readonly [TicketStore, ...TicketStore[]]

interface Course {
  readonly tickets: number
  readonly clock: Clock
  readonly signal: AbortSignal
}

async function raceOver(stores: Stores, { tickets, clock, signal }: Course): Promise<RaceResult> {
  const issuer = createIssuer({ store: stores[0], audiences: ['race'], ticketsPerSubject: 'unlimited', clock })
  const result = { tickets: 0, redeemedOnce: 0, redeemedOften: 0, redeemedNever: 0, faults: 0 }
  while (result.tickets < tickets && !signal.aborted) {
    const length = Math.min(atOnce, tickets - result.tickets)
    const ids = await Promise.all(Array.from({ length }, () => issue(issuer)))
    for (const { redeemed, faults } of await Promise.all(ids.map((id) => redeemAtOnce(stores, id, clock)))) {
      result.tickets += 1
      result.faults += faults
      result[redeemed === 1 ? 'redeemedOnce' : redeemed === 0 ? 'redeemedNever' : 'redeemedOften'] += 1
    }
  }
  return result
}

async function issue(issuer: Issuer): Promise<TicketId> {
  const issued = await issuer.issue(identity, { audience: 'race' }, { clientAddress: null, origin: null })
  if (typeof issued === 'object' && 'ticket' in issued) return issued.id
  throw new Error(`no ticket was issued: ${typeof issued === 'string' ? issued : issued.code}`)
}

async function redeemAtOnce(stores: Stores, id: TicketId, clock: Clock) {
  const racers = Array.from({ length: field.racers }, (_, at) =>
    (stores[at % stores.length] as TicketStore).redeem(id, clock()).then(
      ({ kind }) => kind,
      () => 'fault' as const,
    ),
  )
  const kinds = await Promise.all(racers)
  const count = (kind: string) => kinds.filter((other) => other === kind).length
  return { redeemed: count('redeemed'), faults: count('fault') }
}
