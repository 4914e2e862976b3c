/**
 * A record as text, the same in every engine: one JSON object with the members of `TicketRecord` (docs/protocol.md). A ticket
 * without a lock has no member `lock`: programs from before there were locks read its record, and refuse that of a locked one.
 * @module
 */
import { type Claims, copyClaims, noClaims } from './claims.ts'
import { hasSubjectForm } from './credential.ts'
import { StoreError } from './errors.ts'
import { parseLock } from './lock.ts'
import type { TicketId, TicketRecord } from './ticket.ts'

/** The text of a record. */
export function writeRecord(record: TicketRecord): string {
  const { lock, ...rest } = record
  return JSON.stringify(lock === null ? rest : record)
}

/**
 * The record that a text spells.
 * @throws StoreError `corrupt` where it is not about this ticket: replies were mixed up. `malformed` where it is, and cannot be read:
 * another program has written it, and the line to the engine is none the worse.
 */
export function readRecord(text: string, id: TicketId): TicketRecord {
  const record = parse(text)
  if (record?.id !== id) throw new StoreError('corrupt', 'the store answered with something else than the record')
  if (!isRecord(record)) throw new StoreError('malformed', 'the store holds a record that is none')
  return {
    ...record,
    lock: record.lock ?? null,
    claims: hasMembers(record.claims) ? requireClaims(record.claims) : noClaims,
  }
}

/** Another program may have written them, and not have kept to the bounds: that is no fault of this verifier's options. */
function requireClaims(claims: object): Claims {
  try {
    return copyClaims(claims)
  } catch {
    throw new StoreError('malformed', 'the store holds a record whose claims are out of bounds')
  }
}

type Members = { readonly [member in keyof TicketRecord]: unknown }

/** A record in which the lock may be left out. */
type StoredRecord = Omit<TicketRecord, 'lock'> & Partial<Pick<TicketRecord, 'lock'>>

function parse(text: string): Partial<Members> | null {
  try {
    const value: unknown = JSON.parse(text)
    return isObject(value) ? value : null
  } catch {
    return null
  }
}

const members: { readonly [member in keyof TicketRecord]: (value: unknown) => boolean } = {
  id: isText,
  subject: (value) => typeof value === 'string' && hasSubjectForm(value),
  audience: isText,
  claims: isObject,
  clientAddress: isTextOrNull,
  origin: isTextOrNull,
  lock: (value) => value === null || (typeof value === 'string' && parseLock(value) !== null),
  issuedAt: isInstant,
  expiresAt: isInstant,
  sessionExpiresAt: (value) => value === null || isInstant(value),
}
const names = Object.keys(members) as readonly (keyof TicketRecord)[]
const namesWithoutLock = names.filter((name) => name !== 'lock')

/** Exactly the members of a record: one more may be a restriction that this version does not know, and would not enforce. */
function isRecord(value: Partial<Members>): value is StoredRecord {
  const expected = Object.hasOwn(value, 'lock') ? names : namesWithoutLock
  return Object.keys(value).length === expected.length && expected.every((name) => members[name](value[name]))
}

function isText(value: unknown): boolean {
  return typeof value === 'string'
}

function isTextOrNull(value: unknown): boolean {
  return value === null || typeof value === 'string'
}

function isInstant(value: unknown): boolean {
  return Number.isSafeInteger(value)
}

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function hasMembers(claims: object): boolean {
  for (const _ in claims) return true
  return false
}
