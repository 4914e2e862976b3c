import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { copyClaims, maxClaimsBytes, noClaims } from '../../src/claims.ts'
import type { Subject } from '../../src/credential.ts'
import { StoreError } from '../../src/errors.ts'
import { lockOfKey } from '../../src/lock.ts'
import { readRecord, writeRecord } from '../../src/record-text.ts'
import { idOfTicket, type TicketId, type TicketRecord } from '../../src/ticket.ts'
import { at, keyOf, recordOf, ticketOf } from './fixtures.ts'

const record = recordOf(ticketOf(1))
const lock = lockOfKey(keyOf(1))
const otherId = idOfTicket(ticketOf(2))

const text = fc.string({ unit: fc.nat(0xffff).map((unit) => String.fromCharCode(unit)) })
const instant = fc.maxSafeInteger().map((value) => at(value))
const claims = fc
  .dictionary(text, fc.jsonValue())
  .filter((value) => new TextEncoder().encode(JSON.stringify(value)).length <= maxClaimsBytes)
  .map(copyClaims)

const records: fc.Arbitrary<TicketRecord> = fc.record({
  id: fc.nat(10_000).map((seed) => idOfTicket(ticketOf(seed))),
  subject: fc.webUrl().map((name) => `https://id.example#${name}` as Subject),
  audience: text,
  claims,
  clientAddress: fc.option(text),
  origin: fc.option(text),
  lock: fc.option(fc.nat(10_000).map((seed) => lockOfKey(keyOf(seed)))),
  issuedAt: instant,
  expiresAt: instant,
  sessionExpiresAt: fc.option(instant),
})

/** The code of the StoreError that reading a text throws, and its message. */
function faultOf(spelled: string, id: TicketId = record.id): { code: string; message: string } {
  try {
    readRecord(spelled, id)
  } catch (error) {
    if (error instanceof StoreError) return { code: error.code, message: error.message }
    throw error
  }
  throw new Error('it was read')
}

/** The text of the record with other members; one that is undefined is left out. */
function withMembers(members: { readonly [member: string]: unknown }): string {
  return JSON.stringify({ ...record, ...members })
}

describe('the text of a record', () => {
  it('is read as the record that was written', () => {
    fc.assert(
      fc.property(records, (written) => {
        expect(readRecord(writeRecord(written), written.id)).toEqual(written)
      }),
      { numRuns: 500 },
    )
  })

  it('is well-formed Unicode on one line, whatever the record says: no engine has to take anything else', () => {
    fc.assert(
      fc.property(records, (written) => {
        const spelled = writeRecord(written)
        expect(spelled.isWellFormed()).toBe(true)
        // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what must not be there
        expect(spelled).not.toMatch(/[\u0000-\u001f]/)
      }),
    )
  })

  it('has no lock where the ticket has none: programs from before there were locks go on reading it', () => {
    expect(JSON.parse(writeRecord(record))).not.toHaveProperty('lock')
    expect(JSON.parse(writeRecord({ ...record, lock }))).toHaveProperty('lock', lock)
  })

  it('that says nothing of a lock, or that there is none, is that of a ticket without one', () => {
    expect(readRecord(withMembers({ lock: undefined }), record.id).lock).toBeNull()
    expect(readRecord(withMembers({ lock: null }), record.id).lock).toBeNull()
  })

  it('gives claims that are frozen and have no prototype', () => {
    const found = readRecord(withMembers({ claims: { roles: [{ name: 'editor' }] } }), record.id)
    const roles = found.claims.roles as readonly object[]
    for (const object of [found.claims, roles, roles[0]]) expect(Object.isFrozen(object)).toBe(true)
    expect(Object.getPrototypeOf(found.claims)).toBeNull()
    expect(Object.getPrototypeOf(roles[0])).toBeNull()
    expect(readRecord(withMembers({ claims: {} }), record.id).claims).toBe(noClaims)
  })

  it('reaches no prototype with its claims', () => {
    const spelled = withMembers({ claims: 0 }).replace('"claims":0', '"claims":{"__proto__":{"admin":true}}')
    const found = readRecord(spelled, record.id)
    expect((found.claims as { admin?: unknown }).admin).toBeUndefined()
  })

  it('of another ticket is corrupt: its bearer is not who asked', () => {
    expect(faultOf(writeRecord(record), otherId)).toMatchObject({ code: 'corrupt' })
  })

  it.each([
    ['nothing', ''],
    ['half a record', writeRecord(record).slice(0, -1)],
    ['two records', `${writeRecord(record)}${writeRecord(record)}`],
    ['null', 'null'],
    ['a number', '7'],
    ['an array', '[]'],
    ['an array of a record', `[${writeRecord(record)}]`],
    ['an empty object', '{}'],
    ['no id', withMembers({ id: undefined })],
  ])('that spells %s is corrupt', (_, spelled) => {
    expect(faultOf(spelled)).toMatchObject({ code: 'corrupt' })
  })

  it.each([
    ['no subject', withMembers({ subject: undefined })],
    ['no expiry', withMembers({ expiresAt: undefined })],
    ['a member more', withMembers({ onlyFrom: '192.0.2.7' })],
    ['a member __proto__ more', writeRecord(record).replace(/\}$/, ',"__proto__":{}}')],
    ['an empty lock', withMembers({ lock: '' })],
    ['a lock that is no text', withMembers({ lock: true })],
    ['a lock that is too short', withMembers({ lock: lock.slice(1) })],
    ['a lock in another spelling of its last character', withMembers({ lock: `${'A'.repeat(42)}B` })],
    ['a lock with padding', withMembers({ lock: `${lock}=` })],
    ['a member more in place of the lock', withMembers({ lock: undefined, locks: lock })],
    ['an expiry in text', withMembers({ expiresAt: '1800000060000' })],
    ['an expiry between two milliseconds', withMembers({ expiresAt: 1800000060000.5 })],
    ['an expiry beyond what is exact', withMembers({ expiresAt: 2 ** 60 })],
    ['an expiry that never comes', withMembers({ expiresAt: null })],
    ['a session that ends in text', withMembers({ sessionExpiresAt: 'never' })],
    ['a subject that is no text', withMembers({ subject: { sub: 'alice' } })],
    ['a subject without issuer', withMembers({ subject: '#alice' })],
    ['a subject that is an issuer alone', withMembers({ subject: 'https://id.example#' })],
    ['a subject of a line and another', withMembers({ subject: 'https://id.example#alice\nbob' })],
    ['no audience', withMembers({ audience: null })],
    ['claims that are an array', withMembers({ claims: ['admin'] })],
    ['claims that are null', withMembers({ claims: null })],
    ['claims that are longer than they may be', withMembers({ claims: { text: 'x'.repeat(maxClaimsBytes) } })],
    ['a client address that is a number', withMembers({ clientAddress: 3221225991 })],
    ['an origin that is a list', withMembers({ origin: ['https://app.example'] })],
  ])('that spells %s is malformed', (_, spelled) => {
    expect(faultOf(spelled)).toMatchObject({ code: 'malformed' })
  })

  it('is not quoted where it cannot be read', () => {
    const secretive = { subject: 'canary', claims: { canary: 'canary'.repeat(1000) } }
    for (const spelled of [withMembers(secretive), withMembers({ ...secretive, claims: null }), '{"canary":'])
      expect(faultOf(spelled).message).not.toContain('canary')
  })
})
