/**
 * The report of a check, as text for people.
 * @module
 */
import type { StoreReport } from './check-store.ts'
import { field, type RaceResult } from './race.ts'
import type { SuiteResult } from './suite.ts'

/** The lines of a report. The last one is the verdict. */
export function reportText(report: StoreReport): string {
  const { engine, guarantee, weaknesses, suite, race } = report
  const lines = [
    engine,
    `  ${guarantee}`,
    ...weaknesses.map((weakness) => `  Weakened: ${weakness}`),
    '',
    ...suiteLines(suite),
    '',
    ...(race === null ? ['No race was run.'] : raceLines(race)),
    '',
    verdictOn(report),
  ]
  return lines.map((line) => `${line}\n`).join('')
}

function verdictOn({ objections, mayAdmitTwice = false }: StoreReport): string {
  if (objections.length > 0) return `Do not use this store: ${objections.join('; ')}.`
  if (!mayAdmitTwice) return 'This store keeps what it promises.'
  return 'While nothing fails, this store redeems a ticket once; a fault may admit it twice, as its URL accepts.'
}

function suiteLines({ cases, passed, failures, skipped }: SuiteResult): string[] {
  const skips = Object.entries(skipped)
  return [
    `Conformance: ${passed} of ${cases} cases passed, ${failures.length} failed.`,
    ...failures.map(({ name, reason }) => `  Failed: ${name}: ${reason}`),
    ...skips.map(([reason, count]) => `  Skipped ${count}: ${reason}.`),
  ]
}

function raceLines({ tickets, redeemedOnce, redeemedOften, redeemedNever, faults }: RaceResult): string[] {
  const { racers, connections } = field
  const outcome = `${redeemedOnce} redeemed once, ${redeemedOften} more than once, ${redeemedNever} never; ${faults} faults.`
  return [
    `Race: ${tickets} tickets, each presented ${racers} times at once over ${connections} connections of this one process.`,
    `  ${outcome}`,
    ...(redeemedOften === 0 ? [`  ${boundOf(tickets)}`] : []),
  ]
}

/** The rule of three: what no sample of this size has shown is, with 95 % confidence, rarer than 3 in it. */
function boundOf(tickets: number): string {
  return `With 95 % confidence fewer than 3 in ${tickets} would be redeemed twice in such a race.`
}
