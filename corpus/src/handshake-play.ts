/**
 * Plays handshakes against a server, and says where it does something else than the verdict.
 * @module
 */
import {
  createIssuer,
  idOfTicket,
  type Key,
  lockOfKey,
  type RandomSource,
  systemClock,
  type Ticket,
  type TicketStore,
} from 'wsticket'
import { createMemoryStore } from 'wsticket/stores/memory'
import { type Exchange, exchange, statusOf } from './exchange.ts'
import { type HandshakeCase, handshakeCase, type Setting } from './handshake-case.ts'
import { admissionSettings, audience, type HandshakeTarget, type RunningTarget } from './handshake-target.ts'
import { refusalAnswers } from './refusal-answers.ts'

/** What came of it. */
export interface Played {
  readonly cases: number
  readonly admitted: number
  /** One line for each expectation that was not met. None is good. */
  readonly complaints: readonly string[]
}

const atATime = 16
const peerAddress = '127.0.0.1'

/** Plays every case, each setting on a server of its own. */
export async function playHandshakes(target: HandshakeTarget, cases: readonly HandshakeCase[]): Promise<Played> {
  const settings = [...new Set(cases.map(({ setting }) => setting))]
  const complaints: string[] = []
  let admitted = 0
  for (const setting of settings) {
    const round = await playSetting(target, setting, cases)
    complaints.push(...round.complaints)
    admitted += round.admitted
  }
  return { cases: cases.length, admitted, complaints }
}

async function playSetting(target: HandshakeTarget, setting: Setting, all: readonly HandshakeCase[]): Promise<Played> {
  const cases = all.filter((one) => one.setting === setting)
  const store = createMemoryStore()
  const server = await target.start(admissionSettings[setting], store)
  try {
    const complaints: string[] = []
    const waiting = [...cases]
    const play = async () => {
      for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) {
        complaints.push(...(await playCase(server, store, next)))
      }
    }
    await Promise.all(Array.from({ length: atATime }, play))
    const admitted = server.reached.length
    complaints.push(...(await afterwards(server, store, cases)))
    return { cases: cases.length, admitted, complaints }
  } finally {
    await server.stop()
  }
}

async function playCase(server: RunningTarget, store: TicketStore, played: HandshakeCase): Promise<string[]> {
  const { name, tickets, key, verdict, bytes, from = peerAddress, finishes = false, spends = false } = played
  for (const ticket of tickets) await issue(store, ticket, { clientAddress: played.issuedTo ?? from, key })
  const answer = await exchange(server.port, bytes, { from, finishes })
  const complaints: string[] = []
  const outcome = outcomeOf(answer)
  if (!agrees(outcome, verdict)) complaints.push(`should be ${verdict}, not ${outcome}`)
  if (/ws[tk]_/.test(answer.text)) complaints.push('the answer repeats a ticket or a key')
  const states = await Promise.all(tickets.map((ticket) => stateOf(store, ticket)))
  const spent = states.filter((state) => state === 'redeemed').length
  const due = verdict === 'admitted' || spends ? 1 : 0
  if (spent !== due) complaints.push(`${spent} tickets are spent, not ${due}`)
  return complaints.map((complaint) => `${name}: ${complaint}`)
}

/** A refusal by its code where it is the very bytes; else what can be said of it. */
function outcomeOf({ text, end }: Exchange): string {
  if (end === 'deadline') return 'silence'
  const known = Object.entries(refusalAnswers).find(([, answer]) => answer === text)
  if (known !== undefined) return known[0]
  const status = statusOf(text)
  if (status === 101) return 'admitted'
  return text === '' ? 'closed' : `another answer with status ${status}`
}

function agrees(outcome: string, verdict: HandshakeCase['verdict']): boolean {
  if (verdict !== 'rejected') return outcome === verdict
  return outcome === 'closed' || outcome in refusalAnswers || /status 4\d\d$/.test(outcome)
}

/** What holds of the whole round. */
async function afterwards(
  server: RunningTarget,
  store: TicketStore,
  cases: readonly HandshakeCase[],
): Promise<string[]> {
  const complaints: string[] = []
  const due = cases.filter(({ verdict }) => verdict === 'admitted').flatMap(({ tickets }) => tickets.map(idOfTicket))
  const strangers = server.reached.filter((id) => !due.includes(id as (typeof due)[number]))
  if (strangers.length > 0)
    complaints.push(`${strangers.length} WebSockets reached the application that should not have`)
  if (new Set(server.reached).size !== server.reached.length) complaints.push('a ticket has opened two WebSockets')
  const missing = due.filter((id) => !server.reached.includes(id))
  if (missing.length > 0) complaints.push(`${missing.length} good WebSockets did not reach the application`)
  const secrets = cases.flatMap(({ tickets, key }) => [...tickets, key ?? []].flat().map((text) => text.slice(4, 28)))
  for (const [where, text] of [
    ['behind the server', server.seen()],
    ['in the log', server.logged()],
  ] as const) {
    const leaked = secrets.filter((secret) => text.includes(secret)).length
    if (leaked > 0) complaints.push(`${leaked} tickets or keys were seen ${where}`)
  }
  const { setting = 'ordinary' } = cases[0] ?? {}
  complaints.push(...(await stillServes(server, store, setting)))
  return complaints
}

async function stillServes(server: RunningTarget, store: TicketStore, setting: Setting): Promise<string[]> {
  if (setting === 'query_only' || setting === 'behind_proxy') return []
  return playCase(server, store, handshakeCase('a good handshake after all that', 'admitted', { setting }))
}

/** What a ticket is bound to. */
interface Bounds {
  readonly clientAddress: string
  readonly key?: Key | undefined
}

/** Puts a ticket that is good into the store. */
export async function issue(store: TicketStore, ticket: Ticket, { clientAddress, key }: Bounds): Promise<void> {
  const random: RandomSource = (bytes) => {
    bytes.set(Buffer.from(ticket.slice(4), 'base64url'))
    return bytes
  }
  const issuer = createIssuer({ store, audiences: [audience], ticketsPerSubject: 'unlimited', random })
  const identity = { issuer: 'https://id.example', subject: 'alice', expiresAt: null, claims: {} }
  await issuer.issue(identity, { audience }, { clientAddress, origin: null, lock: key ? lockOfKey(key) : null })
}

async function stateOf(store: TicketStore, ticket: Ticket): Promise<string> {
  return (await store.read(idOfTicket(ticket), systemClock())).kind
}
