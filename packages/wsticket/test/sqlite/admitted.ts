/**
 * Which tickets were admitted, by what a clerk has said and by what a store answers here.
 * @module
 */
import { systemClock } from '../../src/clock.ts'
import type { TicketStore } from '../../src/ticket-store.ts'
import { idOf } from './numbered-records.ts'

/** The numbers of the tickets that a clerk has reported as redeemed. */
export function admittedBy(lines: readonly string[]): ReadonlySet<number> {
  return new Set(lines.flatMap((line) => /^redeemed (\d+)$/.exec(line)?.[1] ?? []).map(Number))
}

/** Redeems every ticket below a number, and says of which it admitted. */
export async function redeemBelow(store: TicketStore, end: number): Promise<ReadonlySet<number>> {
  const admitted = new Set<number>()
  for (let number = 0; number < end; number += 1) {
    const { kind } = await store.redeem(idOf(number), systemClock())
    if (kind === 'redeemed') admitted.add(number)
  }
  return admitted
}

/** How many are in both. */
export function countInBoth(one: ReadonlySet<number>, other: ReadonlySet<number>): number {
  return [...one].filter((number) => other.has(number)).length
}
