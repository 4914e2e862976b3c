/**
 * What a ticket WebSocket is to whoever has it for a WebSocket, case by case. Runs in a page; its names are read elsewhere, too.
 *
 * @typedef {Record<string, (place: import('./place.mjs').Place) => Promise<void>>} Cases a case rejects with what is wrong
 */
import { breaker } from './breaker.mjs'
import { events } from './events.mjs'
import { pause } from './expectations.mjs'
import { installation } from './installation.mjs'
import { opening } from './opening.mjs'
import { createPlace } from './place.mjs'
import { renewal } from './renewal.mjs'
import { secrets } from './secrets.mjs'
import { shape } from './shape.mjs'
import { streams } from './streams.mjs'

/** Those that are tried one after another, in their order. @type {Cases} */
const inTurn = { ...shape, ...events, ...opening, ...breaker, ...secrets, ...installation, ...streams }

/** Those that do little but wait. @type {Cases} */
const beside = renewal

export const namesInTurn = Object.keys(inTurn)
export const namesBeside = Object.keys(beside)

const caseDeadlineMs = 30_000

/** @param {Cases} cases @param {string} name @returns {Promise<[string, string]>} the name, and `kept` or what is wrong */
async function attempt(cases, name) {
  const place = createPlace(name.replaceAll(/\W+/g, '-'))
  const late = pause(caseDeadlineMs).then(() => 'it did not end in time')
  const verdict = cases[name]?.(place).then(() => 'kept', String)
  return [name, await Promise.race([verdict ?? 'there is no such case', late])]
}

/** @type {Promise<[string, string][]>} */
let verdictsBeside = Promise.resolve([])

/** Begins with those that wait, and tries all others. @returns {Promise<Record<string, string>>} verdicts by name */
export async function tryInTurn() {
  verdictsBeside = Promise.all(namesBeside.map((name) => attempt(beside, name)))
  const verdicts = []
  for (const name of namesInTurn) verdicts.push(await attempt(inTurn, name))
  return Object.fromEntries(verdicts)
}

/** What came of those that wait. @returns {Promise<Record<string, string>>} verdicts by name */
export async function tellOfOthers() {
  return Object.fromEntries(await verdictsBeside)
}
