/**
 * One process of racers: opens what they race with, issues tickets when it is told to, and redeems each of them with every racer at once.
 *   node racer.mjs SUBJECT ADDRESS     started by racers.mjs, with an IPC channel
 * @module
 */
import { setTimeout as pause } from 'node:timers/promises'
import { createIssuer, StoreError } from 'wsticket'
import { subjectOf } from './subject.mjs'

/** @import { TicketId } from 'wsticket' */
/** @import { Handle } from './subject.mjs' */

const [subjectName = '', address = ''] = process.argv.slice(2)
const subject = await subjectOf(subjectName)

const issueAttempts = 100
const issuePauseMs = 200
const identity = { issuer: 'https://issuer.example', subject: 'alice', expiresAt: null, claims: {} }
const context = { clientAddress: null, origin: null }
/** @type {Handle[]} one for each racer, while a race is on; in one process all of them the same */
let handles = []
/** @type {import('wsticket').Issuer} over the first of them */
let issuer

/** @type {{ [task: string]: (work: any) => Promise<unknown> }} */
const tasks = {
  open,
  issue,
  race,
  inspect: async () => handles[0]?.store.inspect?.(),
  // Housekeeping: what it could not sweep now it sweeps the next time.
  sweep: async () => handles[0]?.store.sweep?.(now()).catch(() => {}),
  close,
}

process.on('message', (/** @type {Task} */ task) => void perform(task))
// Whoever started this process may be gone.
process.on('disconnect', () => process.exit())
process.send?.({ number: 0 })

/** @typedef {{ task: string, number: number, work: unknown }} Task */

/** What throws ends the process, and the race with it. @param {Task} task */
async function perform({ task, number, work }) {
  const result = await tasks[task]?.(work)
  process.send?.({ number, result })
}

/** @param {{ kind: 'store' | 'naive', racers: number }} race */
async function open({ kind, racers }) {
  const openOne = () => (kind === 'naive' ? subject.openNaive : subject.open)(JSON.parse(address))
  handles = subject.oneProcess
    ? Array(racers).fill(await openOne())
    : await Promise.all(Array.from({ length: racers }, openOne))
  issuer = createIssuer({
    store: /** @type {import('wsticket').TicketStore} */ (handles[0]?.store),
    audiences: ['chat'],
    ticketsPerSubject: 'unlimited',
    lifetimeMs: 60_000,
  })
}

async function close() {
  const closing = new Set(handles)
  handles = []
  await Promise.all([...closing].map((handle) => handle.close()))
}

/** @param {number} count @returns {Promise<TicketId[]>} */
async function issue(count) {
  return Promise.all(Array.from({ length: count }, issueOne))
}

/** As a client does: whoever is told to come back comes back. @returns {Promise<TicketId>} */
async function issueOne() {
  for (let attempt = 1; ; attempt += 1) {
    try {
      const ticket = await issuer.issue(identity, { audience: 'chat' }, context)
      if (typeof ticket === 'string') throw new Error(ticket)
      return ticket.id
    } catch (error) {
      if (!isUnavailable(error) || attempt === issueAttempts) throw error
      await pause(issuePauseMs)
    }
  }
}

/** @param {unknown} error */
function isUnavailable(error) {
  return error instanceof StoreError && error.code === 'unavailable'
}

/**
 * Every racer redeems every ticket, and none waits for another.
 * @param {TicketId[]} ids
 * @returns {Promise<{ won: number[], undecided: number[], faults: string[] }>} the index of a ticket, once for each time that it
 *   was redeemed; and once for each time that nobody can tell: a machine that stands still for two seconds is an engine away
 */
async function race(ids) {
  /** @type {number[]} */
  const won = []
  /** @type {number[]} */
  const undecided = []
  /** @type {string[]} */
  const faults = []
  const attempt = async (/** @type {Handle} */ { store }, /** @type {number} */ index) => {
    const outcome = await store
      .redeem(/** @type {TicketId} */ (ids[index]), now())
      .catch((/** @type {unknown} */ error) => (isUnavailable(error) ? null : String(error)))
    if (outcome === null) undecided.push(index)
    else if (typeof outcome === 'string') faults.push(outcome)
    else if (outcome.kind === 'redeemed') won.push(index)
    else if (outcome.kind !== 'spent') faults.push(`a loser heard ${outcome.kind}`)
  }
  await Promise.all(ids.flatMap((_, index) => handles.map((handle) => attempt(handle, index))))
  return { won, undecided, faults }
}

function now() {
  return /** @type {import('wsticket').EpochMs} */ (Date.now())
}
