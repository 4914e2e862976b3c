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
import { eventStreamCase } from './event-stream-case.ts'
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
  const round: Round = { opens: target.opens, server, store }
  try {
    const complaints: string[] = []
    const waiting = [...cases]
    const play = async () => {
      for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) {
        complaints.push(...(await playCase(round, next)))
      }
    }
    await Promise.all(Array.from({ length: atATime }, play))
    const admitted = server.reached.length
    complaints.push(...(await afterwards(round, cases)))
    return { cases: cases.length, admitted, complaints }
  } finally {
    await server.stop()
  }
}

/** One server, and what it is played with. */
interface Round extends Pick<HandshakeTarget, 'opens'> {
  readonly server: RunningTarget
  readonly store: TicketStore
}

async function playCase({ opens, server, store }: Round, played: HandshakeCase): Promise<string[]> {
  const { name, tickets, key, verdict, bytes, from = peerAddress, finishes = false, spends = false } = played
  for (const ticket of tickets) await issue(store, ticket, { clientAddress: played.issuedTo ?? from, key })
  const answer = await exchange(server.port, bytes, { from, finishes })
  const complaints: string[] = []
  const outcome = outcomes[opens](answer)
  if (!agrees(outcome, verdict)) complaints.push(`should be ${verdict}, not ${outcome}`)
  if (/ws[tk]_/.test(answer.text)) complaints.push('the answer repeats a ticket or a key')
  const states = await Promise.all(tickets.map((ticket) => stateOf(store, ticket)))
  const spent = states.filter((state) => state === 'redeemed').length
  const due = verdict === 'admitted' || spends ? 1 : 0
  if (spent !== due) complaints.push(`${spent} tickets are spent, not ${due}`)
  return complaints.map((complaint) => `${name}: ${complaint}`)
}

const outcomes = {
  websocket: ({ text, end }: Exchange) => {
    const known = Object.entries(refusalAnswers).find(([, answer]) => answer === text)
    return known?.[0] ?? unknownOutcome(text, end, 101)
  },
  // Among its lines the server of HTTP has its own, Date and those of CORS.
  event_stream: ({ text, end }: Exchange) => {
    const known = Object.entries(refusalAnswers).find(([, answer]) => isWithin(answer, text))
    const isStream = /^content-type: text\/event-stream\r$/im.test(text)
    return known?.[0] ?? unknownOutcome(text, end, isStream ? 200 : 0)
  },
}

/** What can be said of an answer that is no refusal as it should be. */
function unknownOutcome(text: string, end: Exchange['end'], good: number): string {
  if (end === 'deadline') return 'silence'
  const status = statusOf(text)
  if (status === good && good > 0) return 'admitted'
  return text === '' ? 'closed' : `another answer with status ${status}`
}

/** Whether every line of an answer is in the other one, with the same body; a server of HTTP need not close the connection. */
function isWithin(answer: string, text: string): boolean {
  const [head = '', body] = answer.split('\r\n\r\n')
  const [headOfText = '', bodyOfText] = text.split('\r\n\r\n')
  const lines = headOfText.split('\r\n')
  const due = head.split('\r\n').filter((line) => line !== 'Connection: close')
  return body === bodyOfText && due.every((line) => lines.includes(line))
}

function agrees(outcome: string, verdict: HandshakeCase['verdict']): boolean {
  if (verdict !== 'rejected') return outcome === verdict
  return outcome === 'closed' || outcome in refusalAnswers || /status 4\d\d$/.test(outcome)
}

/** What holds of the whole round. */
async function afterwards(round: Round, cases: readonly HandshakeCase[]): Promise<string[]> {
  const { server } = round
  const complaints: string[] = []
  const due = cases.filter(({ verdict }) => verdict === 'admitted').flatMap(({ tickets }) => tickets.map(idOfTicket))
  const strangers = server.reached.filter((id) => !due.includes(id as (typeof due)[number]))
  if (strangers.length > 0) complaints.push(`${strangers.length} of those that reached the application should not have`)
  if (new Set(server.reached).size !== server.reached.length) complaints.push('a ticket has opened two')
  const missing = due.filter((id) => !server.reached.includes(id))
  if (missing.length > 0) complaints.push(`${missing.length} good ones did not reach the application`)
  const secrets = cases.flatMap(({ tickets, key }) => [...tickets, key ?? []].flat().map((text) => text.slice(4, 28)))
  for (const [where, text] of [
    ['behind the server', server.seen()],
    ['in the log', server.logged()],
  ] as const) {
    const leaked = secrets.filter((secret) => text.includes(secret)).length
    if (leaked > 0) complaints.push(`${leaked} tickets or keys were seen ${where}`)
  }
  const { setting = 'ordinary' } = cases[0] ?? {}
  complaints.push(...(await stillServes(round, setting)))
  return complaints
}

async function stillServes(round: Round, setting: Setting): Promise<string[]> {
  if (setting === 'query_only' || setting === 'behind_proxy') return []
  const name = 'a good one after all that'
  if (round.opens === 'websocket') return playCase(round, handshakeCase(name, 'admitted', { setting }))
  return setting === 'every_carrier' ? playCase(round, eventStreamCase(name, 'admitted')) : []
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
