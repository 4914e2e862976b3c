/**
 * docs/protocol.md is enough to issue and to redeem in another language: the program in examples/another-language was written
 * from it, and shares a real engine with the stores of this package.
 */
import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest'
import { WebSocketServer } from 'ws'
import { createAdmission, createIssuer, idOfTicket, parseTicket, type Session, type TicketRecord } from 'wsticket'
import { createWebSocketUpgrade, sessionOf } from 'wsticket/adapters/ws'
import { openStore } from 'wsticket/open-store'
import { startPostgres } from 'wsticket-engines/postgres'
import { startRedis } from 'wsticket-engines/redis'
import { systemClock } from '../../src/clock.ts'
import { generateKey, type Key, type Lock, lockOfKey } from '../../src/lock.ts'
import type { Ticket, TicketId } from '../../src/ticket.ts'
import type { TicketStore } from '../../src/ticket-store.ts'
import { PageWebSocket } from './programs.ts'
import {
  issueInPython,
  issueWithoutRandomness,
  neverIssued,
  redeemInPython,
  requirePython,
  revokeInPython,
  startRedeemer,
  subject,
} from './python-tickets.ts'

// What is asked here is what the two agree on, not how long they wait.
const patience = 'deadlineMs=20000'
const nested = Array.from({ length: 1500 }).reduce<unknown>((inner) => [inner], 'deep')
const claims = {
  name: 'Ωμέγα 🎟️ \u{1F469}\u200D\u{1F680} e\u0301',
  control: '\u0000\u0001\b\t\n\f\r\u001b\u007f\u0085\u2028\u2029"\\/',
  lone: 'half \ud83c of a pair, \udfab the other',
  'empty and odd': ['', {}, [], null, true, false, { '': '' }],
  numbers: [0, -1, 0.1, 1e21, 5e-324, 1.7976931348623157e308, 2 ** 53 - 1, 1 - 2 ** 53, 1e-7],
  nested,
}
const identity = { issuer: 'https://id.example', subject: 'ålice 🎫', expiresAt: null, claims: {} }
const context = { clientAddress: '2001:db8::1:0:0:1', origin: 'https://app.example' }

beforeAll(requirePython)

describe.each([
  ['Redis', startRedis],
  ['PostgreSQL', startPostgres],
])('Python and wsticket, on one %s', (_, startEngine) => {
  let engine: { readonly url: string; dispose(): Promise<void> }
  let store: TicketStore

  beforeAll(async () => {
    engine = await startEngine()
    store = await openStore(`${engine.url}?${patience}`)
    await store.inspect()
  })
  afterAll(async () => {
    await store?.close()
    await engine?.dispose()
  })

  const redeem = (id: TicketId) => store.redeem(id, systemClock())

  it('let the client in who shows a ticket from Python, once, and as whom Python says', async () => {
    const connect = await startVerifier(store)
    const options = ['--claims', JSON.stringify(claims), '--client-address', '::ffff:127.0.0.1']
    const { ticket, id, expiresIn } = await issueInPython(engine.url, ...options)
    expect([id, expiresIn]).toEqual([idOfTicket(ticket), 30])
    const session = { id, subject, audience: 'chat', claims, clientAddress: '127.0.0.1', expiresAt: null }
    expect(await connect(ticket)).toMatchObject(session)
    expect(await connect(ticket)).toBe(401)
    expect(await redeemInPython(engine.url, ticket)).toEqual({ outcome: 'spent' })
  })

  it('agree on a record that wsticket has issued, member for member', async () => {
    const { ticket, id, record } = await issue(store, { claims })
    const { outcome, record: read } = await redeemInPython(engine.url, ticket)
    expect(outcome).toBe('redeemed')
    expect(read).toEqual({ ...record, claims })
    expect(read).toMatchObject({ subject, audience: 'chat', ...context })
    expect(await redeem(id)).toEqual({ kind: 'spent' })
  })

  it('agree on a record that Python has issued, member for member', async () => {
    const options = ['--claims', JSON.stringify(claims), '--origin', context.origin, '--lifetime-ms', '45000']
    const { id } = await issueInPython(engine.url, ...options)
    const outcome = await redeem(id)
    const issuedAt = outcome.kind === 'redeemed' ? outcome.record.issuedAt : 0
    expect(systemClock() - issuedAt).toBeLessThan(20_000)
    const ends = { issuedAt, expiresAt: issuedAt + 45_000, sessionExpiresAt: null }
    const record = {
      id,
      subject,
      audience: 'chat',
      claims,
      clientAddress: null,
      origin: context.origin,
      lock: null,
      ...ends,
    }
    expect(outcome).toEqual({ kind: 'redeemed', record })
  })

  it('let the client in who shows the key of a ticket that Python has locked, and nobody without it', async () => {
    const connect = await startVerifier(store)
    const key = generateKey()
    const options = [`--lock=${lockOfKey(key)}`, '--client-address', '127.0.0.1']
    const [locked, stolen] = [await issueInPython(engine.url, ...options), await issueInPython(engine.url, ...options)]
    expect(await connect(locked.ticket, key)).toMatchObject({ id: locked.id, subject })
    expect(await connect(stolen.ticket)).toBe(401)
    expect(await connect(stolen.ticket, key)).toBe(401)
  })

  it('agree on which key opens a ticket that wsticket has locked', async () => {
    const key = generateKey()
    const lock = lockOfKey(key)
    const { ticket } = await issue(store, { lock })
    expect(await redeemInPython(engine.url, ticket, key)).toMatchObject({ outcome: 'redeemed', record: { lock } })
    for (const [wish, shown] of [
      [{ lock }, undefined],
      [{ lock }, generateKey()],
      [{}, key],
    ] as const) {
      const refused = await issue(store, wish)
      expect(await redeemInPython(engine.url, refused.ticket, shown)).toEqual({ outcome: 'lock_mismatch' })
      expect(await redeem(refused.id)).toEqual({ kind: 'spent' })
    }
  })

  it('hear from each other that a ticket is spent', async () => {
    const theirs = await issueInPython(engine.url)
    expect((await redeem(theirs.id)).kind).toBe('redeemed')
    expect(await redeemInPython(engine.url, theirs.ticket)).toEqual({ outcome: 'spent' })
    const ours = await issue(store)
    expect((await redeemInPython(engine.url, ours.ticket)).outcome).toBe('redeemed')
    expect(await redeem(ours.id)).toEqual({ kind: 'spent' })
  })

  it('hear from each other that a ticket is revoked', async () => {
    const theirs = await issueInPython(engine.url)
    expect(await store.revoke(theirs.id, systemClock())).toBe(true)
    expect(await redeemInPython(engine.url, theirs.ticket)).toEqual({ outcome: 'revoked' })
    const ours = await issue(store)
    expect(await revokeInPython(engine.url, ours.id)).toBe(true)
    expect(await revokeInPython(engine.url, ours.id)).toBe(false)
    expect(await redeem(ours.id)).toEqual({ kind: 'revoked' })
  })

  it('agree that a ticket is expired, and that one is unknown', async () => {
    const theirs = await issueInPython(engine.url, '--lifetime-ms', '1')
    expect(await redeem(theirs.id)).toEqual({ kind: 'expired' })
    const ours = await issue(store, { lifetimeMs: 1 })
    expect(await redeemInPython(engine.url, ours.ticket)).toEqual({ outcome: 'expired' })
    expect(await redeemInPython(engine.url, neverIssued)).toEqual({ outcome: 'unknown' })
  })

  it('write no record over that of the other', async () => {
    const theirs = await issueInPython(engine.url)
    const { record } = await issue(store)
    await expect(store.insert({ ...record, id: theirs.id })).rejects.toMatchObject({ code: 'conflict' })
    expect(await redeem(theirs.id)).toMatchObject({ kind: 'redeemed', record: { id: theirs.id, origin: null } })

    const zero = parseTicket(`wst_${'A'.repeat(43)}`) as Ticket
    await store.insert({ ...record, id: idOfTicket(zero) })
    const { status, complaint } = await issueWithoutRandomness(engine.url)
    expect([status, complaint]).toEqual([1, 'tickets.py: the store has a ticket of this id\n'])
    expect((await redeemInPython(engine.url, zero)).record).toMatchObject({ id: idOfTicket(zero), ...context })
  })

  it(`have one winner, whichever of ${programsOfEach} programs of each kind come first`, async () => {
    const { ours, theirs } = await startRacers(engine.url)
    const rounds = leaders.flatMap((leader) => Array.from({ length: 12 }, (_round, at) => ({ leader, at })))
    for (const { leader, at } of rounds) {
      const { ticket, id } = at % 2 === 0 ? await issue(store) : await issueInPython(engine.url)
      const outcomes = await race({ ours: () => ours(id), theirs: () => theirs(ticket) }, leader)
      const won = { ours: count(outcomes.ours, 'redeemed'), theirs: count(outcomes.theirs, 'redeemed') }
      expect(won.ours + won.theirs).toBe(1)
      expect(count([...outcomes.ours, ...outcomes.theirs], 'spent')).toBe(2 * programsOfEach - 1)
      if (leader !== 'nobody') expect(won[leader]).toBe(1)
    }
  })
})

/** Issues with wsticket, and keeps what its issuer hands to the store. */
async function issue(
  store: TicketStore,
  {
    lock = null,
    ...options
  }: { readonly claims?: object; readonly lifetimeMs?: number; readonly lock?: Lock | null } = {},
) {
  const inserted: TicketRecord[] = []
  async function insert(record: TicketRecord): Promise<void> {
    inserted.push(record)
    await store.insert(record)
  }
  const issuer = createIssuer({
    store: { ...store, insert },
    audiences: ['chat'],
    sessionLifetimeMs: 3_600_000,
    ticketsPerSubject: 'unlimited',
  })
  const issued = await issuer.issue(identity, { audience: 'chat', ...options }, { ...context, lock })
  const [record] = inserted
  if (typeof issued === 'string' || 'code' in issued || record === undefined) throw new Error('there is no ticket')
  return { ticket: issued.ticket, id: issued.id, record }
}

/**
 * A WebSocket server behind the adapter for `ws`, which tells each client who it is. Resolves with how a page connects: with
 * its session, or with the status that refuses it.
 */
async function startVerifier(
  store: TicketStore,
): Promise<(ticket: Ticket, ...keys: Key[]) => Promise<Session | number>> {
  const server = createServer()
  const webSockets = new WebSocketServer({ noServer: true })
  const admission = createAdmission({ store, audience: 'chat', origins: ['https://app.example'] })
  server.on('upgrade', createWebSocketUpgrade(admission, webSockets))
  webSockets.on('connection', (socket, request) => socket.send(JSON.stringify(sessionOf(request))))
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => void server.close())
  const { port } = server.address() as AddressInfo
  return (ticket, ...keys) => {
    const socket = new PageWebSocket(`ws://127.0.0.1:${port}/ws`, ['wsticket.v1', ticket, ...keys])
    onTestFinished(() => socket.terminate())
    const refused = once(socket, 'unexpected-response').then(([, response]) => response.statusCode as number)
    return Promise.race([refused, once(socket, 'message').then(([text]) => JSON.parse(String(text)))])
  }
}

type Side = 'ours' | 'theirs'

const programsOfEach = 8

/** Who has been given a start: the other side begins when one of the leader's programs has its answer. */
const leaders: readonly (Side | 'nobody')[] = ['ours', 'theirs', 'nobody']

/** As many stores here, each with a connection of its own, as processes of Python; all are asked for one ticket at once. */
async function startRacers(url: string) {
  const stores = await Promise.all(Array.from({ length: programsOfEach }, () => openStore(`${url}?${patience}`)))
  onTestFinished(async () => void (await Promise.all(stores.map((store) => store.close()))))
  await Promise.all(stores.map((store) => store.inspect()))
  const redeemers = await Promise.all(stores.map(() => startRedeemer(url)))
  onTestFinished(async () => void (await Promise.all(redeemers.map((redeemer) => redeemer.stop()))))
  return {
    ours: (id: TicketId) => stores.map(async (store) => (await store.redeem(id, systemClock())).kind),
    theirs: (ticket: Ticket) => redeemers.map((redeemer) => redeemer.redeem(ticket)),
  }
}

/** Lets both sides redeem one ticket; Python, which takes longer to begin, is told first where nobody leads. */
async function race(sides: { readonly [side in Side]: () => Promise<string>[] }, leader: Side | 'nobody') {
  const first: Side = leader === 'ours' ? 'ours' : 'theirs'
  const second: Side = leader === 'ours' ? 'theirs' : 'ours'
  const begun = sides[first]()
  if (leader !== 'nobody') await Promise.race(begun)
  const [ofFirst, ofSecond] = await Promise.all([Promise.all(begun), Promise.all(sides[second]())])
  return first === 'ours' ? { ours: ofFirst, theirs: ofSecond } : { ours: ofSecond, theirs: ofFirst }
}

function count(outcomes: readonly string[], outcome: string): number {
  return outcomes.filter((each) => each === outcome).length
}
