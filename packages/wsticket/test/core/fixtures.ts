/**
 * What the tests of the core have in common: handshakes that are well formed until a test says otherwise, and tickets that are
 * made from a number, so that no failure message shows one.
 * @module
 */
import { isDeepStrictEqual } from 'node:util'
import { expect } from 'vitest'
import type { EpochMs } from '../../src/clock.ts'
import type { Subject } from '../../src/credential.ts'
import type { AuditEvent, EventSink } from '../../src/events.ts'
import { type Handshake, type Opening, parseHandshake } from '../../src/handshake.ts'
import { generateKey, type Key } from '../../src/lock.ts'
import type { RandomSource } from '../../src/random.ts'
import { generateTicket, idOfTicket, type Ticket, type TicketRecord } from '../../src/ticket.ts'

export const pageOrigin = 'https://app.example'

export const start = 1_800_000_000_000 as EpochMs

export function at(instantMs: number): EpochMs {
  return instantMs as EpochMs
}

/** The same ticket for the same number. */
export function ticketOf(seed: number): Ticket {
  return generateTicket(bytesOf(seed))
}

/** The same key for the same number. */
export function keyOf(seed: number): Key {
  return generateKey(bytesOf(seed))
}

function bytesOf(seed: number): RandomSource {
  return (bytes) => {
    new DataView(bytes.buffer).setUint32(28, seed)
    return bytes
  }
}

const standardHeaders = {
  Host: 'ws.example',
  Upgrade: 'websocket',
  Connection: 'Upgrade',
  'Sec-WebSocket-Key': 'dGhlIHNhbXBsZSBub25jZQ==',
  'Sec-WebSocket-Version': '13',
} as const

export type HeaderChanges = { readonly [name: string]: string | readonly string[] | null }

/** The lines of a good handshake, with other values, more lines, or none where a header is null. */
export function headerLines(changes: HeaderChanges = {}): readonly string[] {
  const headers: HeaderChanges = { ...standardHeaders, ...changes }
  return Object.entries(headers).flatMap(([name, value]) =>
    value === null ? [] : [value].flat().flatMap((line) => [name, line]),
  )
}

/** An opening handshake of a page, without a ticket. */
export function opening(changes: Partial<Opening> & { readonly headers?: HeaderChanges } = {}): Opening {
  const { headers, ...members } = changes
  return {
    method: 'GET',
    httpVersion: '1.1',
    target: '/ws',
    rawHeaders: headerLines({ Origin: pageOrigin, ...headers }),
    peerAddress: '192.0.2.7',
    ...members,
  }
}

/** The request of a page of another origin for an event stream, without a ticket. */
export function streamRequest(changes: Partial<Opening> & { readonly headers?: HeaderChanges } = {}): Opening {
  const none = { Upgrade: null, Connection: null, 'Sec-WebSocket-Key': null, 'Sec-WebSocket-Version': null }
  return opening({
    target: '/events',
    ...changes,
    headers: { ...none, Accept: 'text/event-stream', ...changes.headers },
  })
}

/** The handshake of a page, parsed. */
export function handshake(changes: Parameters<typeof opening>[0] = {}): Handshake {
  const parsed = parseHandshake(opening(changes))
  if (parsed === null) throw new TypeError('the fixture is malformed')
  return parsed
}

/** A record for a ticket, as the issuer would have stored it at the start of the test. */
export function recordOf(ticket: Ticket, members: Partial<TicketRecord> = {}): TicketRecord {
  return {
    id: idOfTicket(ticket),
    subject: 'https://issuer.example#alice' as Subject,
    audience: 'chat',
    claims: {},
    clientAddress: '192.0.2.7',
    origin: pageOrigin,
    lock: null,
    issuedAt: start,
    expiresAt: at(start + 30_000),
    sessionExpiresAt: at(start + 3_600_000),
    ...members,
  }
}

export interface Audit {
  readonly events: readonly AuditEvent[]
  readonly onEvent: EventSink
}

export function createAudit(): Audit {
  const events: AuditEvent[] = []
  return { events, onEvent: (event) => void events.push(event) }
}

/** Compares without showing either side: for values that hold a ticket. */
export function expectSame(actual: unknown, expected: unknown): void {
  expect(isDeepStrictEqual(actual, expected)).toBe(true)
}
