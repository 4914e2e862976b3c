/**
 * An entry of the session log as text, the same in every engine: one JSON object with the members of its kind (docs/protocol.md). And
 * its position as text: where the engine has it, and a nonce that no other entry has.
 * @module
 */
import { hasSubjectForm } from './credential.ts'
import { ConfigurationError, StoreError } from './errors.ts'
import { randomText, systemRandom } from './random.ts'
import type { LoggedEntry, LogPosition, SessionEntry } from './session-log.ts'
import { parseTicketId } from './ticket.ts'

/**
 * An entry that every node can read.
 * @throws ConfigurationError for anything else: once it is in a log, nobody could read on.
 */
export function requireEntry<Entry extends SessionEntry>(entry: Entry): Entry {
  if (isEntry(entry)) return entry
  throw new ConfigurationError('selector', 'must have exactly the members of its kind: see SessionSelector')
}

/** The text of an entry. */
export function writeEntry(entry: SessionEntry): string {
  return JSON.stringify(entry)
}

/**
 * The entry that a text spells.
 * @throws StoreError `malformed` where it spells none.
 */
export function readEntry(text: unknown): SessionEntry {
  const entry = parse(text)
  if (isEntry(entry)) return entry
  throw new StoreError('malformed', 'the session log holds an entry that is none')
}

/**
 * What the engine has found, in its order, up to the first that is no entry: what stands in front of it reaches everybody. Whoever reads on
 * behind that is told.
 * @throws StoreError `malformed` where the first is none already, and whatever else `read` throws.
 */
export function readEntries<Found>(found: readonly Found[], read: (one: Found) => LoggedEntry): readonly LoggedEntry[] {
  const entries: LoggedEntry[] = []
  for (const one of found) {
    try {
      entries.push(read(one))
    } catch (error) {
      const isMalformed = error instanceof StoreError && error.code === 'malformed'
      if (entries.length === 0 || !isMalformed) throw error
      break
    }
  }
  return entries
}

/** A nonce for an entry that is about to be written: 43 base64url characters. */
export function newNonce(): string {
  return randomText(systemRandom)
}

/** What a position is made of. */
export interface PositionParts {
  /** As the engine numbers its entries. */
  readonly sequence: string
  readonly nonce: string
}

// Redis numbers its entries in two parts.
const positionForm = /^(\d{1,20}(?:-\d{1,20})?)\/([\w-]{1,64})$/

/**
 * The position of an entry.
 * @throws StoreError `malformed` where another program has written something that cannot be one.
 */
export function positionOf(sequence: unknown, nonce: unknown): LogPosition {
  const position = `${String(sequence)}/${String(nonce)}`
  if (!positionForm.test(position)) throw new StoreError('malformed', 'the session log holds an entry that is none')
  return position as LogPosition
}

/** The parts of a position; null where it is that of no engine. */
export function parsePosition(position: LogPosition): PositionParts | null {
  const [, sequence, nonce] = positionForm.exec(position) ?? []
  return sequence === undefined || nonce === undefined ? null : { sequence, nonce }
}

type Check = (value: unknown) => boolean
type Members = { readonly [member: string]: Check }

const isId: Check = (value) => typeof value === 'string' && parseTicketId(value) !== null
const isSubject: Check = (value) => typeof value === 'string' && hasSubjectForm(value)
const isInstant: Check = (value) => Number.isSafeInteger(value)
const isAny: Check = () => true
// Also one of a later version: it is of use to who asks, and nothing is decided by it.
const isCode: Check = (value) => typeof value === 'string' && /^[a-z_]{1,64}$/.test(value)

function orNull(check: Check): Check {
  return (value) => value === null || check(value)
}

const selectors: { readonly [kind: string]: Members } = {
  subject: { kind: isAny, subject: isSubject },
  session: { kind: isAny, id: isId, subject: orNull(isSubject) },
  audience: { kind: isAny, audience: (value) => typeof value === 'string' },
  everything: { kind: isAny },
}

const entries: { readonly [kind: string]: Members } = {
  revocation: { kind: isAny, selector: (value) => isOneOf(selectors, value), at: isInstant },
  renewal: { kind: isAny, id: isId, subject: isSubject, expiresAt: orNull(isInstant), at: isInstant },
  renewed: { kind: isAny, id: isId, subject: isSubject, expiresAt: orNull(isInstant) },
  refused: { kind: isAny, id: isId, code: isCode },
  displacement: { kind: isAny, id: isId, subject: isSubject },
}

function isEntry(value: unknown): value is SessionEntry {
  return isOneOf(entries, value)
}

/** Exactly the members of its kind: one more may narrow it in a way that this version does not know. */
function isOneOf(kinds: { readonly [kind: string]: Members }, value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return false
  const found = value as { readonly [member: string]: unknown }
  const kind = String(found.kind)
  const members = Object.hasOwn(kinds, kind) ? kinds[kind] : undefined
  if (members === undefined || Object.keys(found).length !== Object.keys(members).length) return false
  return Object.entries(members).every(([name, check]) => Object.hasOwn(found, name) && check(found[name]))
}

function parse(text: unknown): unknown {
  try {
    return typeof text === 'string' ? JSON.parse(text) : null
  } catch {
    return null
  }
}
