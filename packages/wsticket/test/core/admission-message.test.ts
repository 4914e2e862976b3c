import { describe, expect, it } from 'vitest'
import type { AwaitMessageDecision, FirstMessage } from '../../src/admission.ts'
import type { AdmissionOptions } from '../../src/admission-options.ts'
import type { CarrierName } from '../../src/carrier.ts'
import { parseTicketMessage } from '../../src/carriers/message.ts'
import { lockOfKey } from '../../src/lock.ts'
import {
  expectSame,
  type HeaderChanges,
  headerLines,
  keyOf,
  opening,
  pageOrigin,
  recordOf,
  ticketOf,
} from './fixtures.ts'
import { codeOf, offering, setUpVerifier, stateOf } from './verifier.ts'

const ticket = ticketOf(1)
const key = keyOf(1)
const carriers: readonly CarrierName[] = ['subprotocol', 'message']

async function setUp(options: Partial<AdmissionOptions> = {}, isLocked = false) {
  const world = setUpVerifier({ carriers, ...options })
  await world.store.insert(recordOf(ticket, { lock: isLocked ? lockOfKey(key) : null }))
  return world
}

async function waiting(world: Awaited<ReturnType<typeof setUp>>, headers: HeaderChanges = {}) {
  const decision = await world.admission.admit(opening({ headers }))
  if (decision.kind !== 'await_message') throw new TypeError(decision.kind)
  return decision
}

async function codeAfter(decision: AwaitMessageDecision, message: FirstMessage): Promise<string> {
  const made = await decision.admit(message)
  return made.kind === 'refused' ? made.code : made.kind
}

function saying(members: object): FirstMessage {
  return { kind: 'text', text: JSON.stringify({ type: 'ticket', ticket, ...members }) }
}

describe('a ticket in the first message', () => {
  it('is waited for by those who may come, asks the store for nothing, and says so to nobody', async () => {
    const world = await setUp()
    const decision = await waiting(world)
    expect(decision).toMatchObject({ protocol: null, limits: { deadlineMs: 5000, maxBytes: 1024 } })
    expect(world.redeemed).toEqual([])
    expect(world.events).toEqual([])
  })

  it('admits, and is spent', async () => {
    const world = await setUp()
    const decision = await (await waiting(world)).admit(saying({}))
    expect(decision).toMatchObject({ kind: 'admitted', fallbackProtocol: null, clearingCookie: null })
    expect(await stateOf(world, ticket)).toBe('redeemed')
    expect(world.events).toMatchObject([{ type: 'admitted', carrier: 'message' }])
    expect(await codeAfter(await waiting(world), saying({}))).toBe('ticket_spent')
  })

  it('passes on what the 101 has selected, and nothing that it has not', async () => {
    const world = await setUp()
    const headers = {
      'Sec-WebSocket-Protocol': ['wsticket.v1, b', 'a'],
      'Sec-WebSocket-Extensions': 'permessage-deflate',
    }
    const decision = await waiting(world, headers)
    expect(decision.protocol).toBe('b')
    const made = await decision.admit(saying({}))
    if (made.kind !== 'admitted') throw new TypeError(made.code)
    expectSame(made.passage.rawHeaders, headerLines({ Origin: pageOrigin, 'Sec-WebSocket-Protocol': 'b' }))
  })

  it('is locked as any other', async () => {
    expect(await codeAfter(await waiting(await setUp({}, true)), saying({ key }))).toBe('admitted')
    expect(await codeAfter(await waiting(await setUp({}, true)), saying({}))).toBe('lock_mismatch')
    expect(await codeAfter(await waiting(await setUp({}, true)), saying({ key: keyOf(2) }))).toBe('lock_mismatch')
    expect(await codeAfter(await waiting(await setUp({}, true)), saying({ key: 'wsk_' }))).toBe('message_malformed')
  })

  it.each<[string, FirstMessage]>([
    ['message_malformed', { kind: 'malformed' }],
    ['message_timeout', { kind: 'absent' }],
    ['ticket_malformed', saying({ ticket: 'wst_' })],
    ['ticket_unknown', saying({ ticket: ticketOf(9) })],
  ])('is refused with %s', async (code, message) => {
    const world = await setUp()
    expect(await codeAfter(await waiting(world), message)).toBe(code)
    expect(world.events).toMatchObject([{ type: 'refused', code }])
    expect(await stateOf(world, ticket)).toBe('pending')
  })

  it('is decided in time or refused, whatever the store does', async () => {
    const world = setUpVerifier({
      carriers,
      deadlineMs: 20,
      store: { ...(await setUp()).store, redeem: () => new Promise(() => {}) },
    })
    expect(await codeAfter(await waiting(world as never), saying({}))).toBe('store_unavailable')
  })

  it.each([
    ['origin_forbidden', opening({ headers: { Origin: 'https://evil.example' } })],
    ['origin_forbidden', opening({ headers: { Origin: null } })],
    ['handshake_malformed', opening({ headers: { Upgrade: 'h2c' } })],
    ['handshake_malformed', offering(`${ticket}, ${ticketOf(2)}`)],
    ['ticket_missing', opening({ target: `/ws?ticket=${ticket}` })],
    ['ticket_missing', opening({ target: `/ws?key=${key}` })],
    ['ticket_missing', opening({ headers: { 'Sec-WebSocket-Protocol': key } })],
    ['admitted', offering(ticket)],
  ])('is not waited for: %s', async (code, attempt) => {
    const { admission } = await setUp()
    expect(await codeOf(admission, attempt)).toBe(code)
  })
})

describe('a ticket message', () => {
  it.each([
    '{"type":"ticket","ticket":"a"}',
    ' { "ticket" : "a" ,\n"type":"ticket"} ',
    '{"\\u0074ype":"ticket","ticket":"a"}',
  ])('may be spelled %s', (text) => {
    expect(parseTicketMessage(text)).toEqual({ ticket: 'a', key: null })
  })

  it.each([
    '{"type":"ticket","ticket":"a","ticket":"a"}',
    '{"type":"ticket","ticket":"a","\\u0074icket":"b"}',
    '{"type":"ticket","ticket":{"ticket":"b"},"ticket":"a"}',
    '{"type":"ticket","ticket":"a","key":null}',
    '{"type":"ticket","ticket":"a","__proto__":"b"}',
    '{"type":"ticket","ticket":["a"]}',
    '{"type":"Ticket","ticket":"a"}',
    '{"type":"ticket"}',
    '\ufeff{"type":"ticket","ticket":"a"}',
    '{"type":"ticket","ticket":"a"}{}',
    'null',
    '"ticket"',
    '',
  ])('may not be %s', (text) => {
    expect(parseTicketMessage(text)).toBeNull()
  })
})
