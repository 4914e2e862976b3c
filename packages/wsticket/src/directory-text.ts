/**
 * An entry of the session directory as text, the same in every engine: one JSON object (docs/protocol.md).
 * @module
 */
import { hasSubjectForm } from './credential.ts'
import { StoreError } from './errors.ts'
import type { DirectoryEntry } from './session-directory.ts'
import { parseTicketId } from './ticket.ts'

/** The text of an entry. */
export function writeDirectoryEntry(entry: DirectoryEntry): string {
  return JSON.stringify(partsOf(entry))
}

function partsOf({ id, node, subject, audience, clientAddress, since, until }: DirectoryEntry): DirectoryEntry {
  return { id, node, subject, audience, clientAddress, since, until }
}

/**
 * The entry that a text spells. Members that this version does not know are passed over.
 * @throws StoreError `malformed` where it spells none.
 */
export function readDirectoryEntry(text: unknown): DirectoryEntry {
  const entry = parse(text)
  if (isEntry(entry)) return partsOf(entry)
  throw new StoreError('malformed', 'the session directory holds an entry that is none')
}

/** Whether a text can name a node. */
function hasNodeForm(text: unknown): boolean {
  return typeof text === 'string' && /^[\w-]{1,64}$/.test(text)
}

function isEntry(value: unknown): value is DirectoryEntry {
  if (typeof value !== 'object' || value === null) return false
  const { id, node, subject, audience, clientAddress, since, until } = value as { readonly [member: string]: unknown }
  return (
    typeof id === 'string' &&
    parseTicketId(id) !== null &&
    hasNodeForm(node) &&
    typeof subject === 'string' &&
    hasSubjectForm(subject) &&
    typeof audience === 'string' &&
    (clientAddress === null || typeof clientAddress === 'string') &&
    Number.isSafeInteger(since) &&
    (until === null || Number.isSafeInteger(until))
  )
}

function parse(text: unknown): unknown {
  try {
    return typeof text === 'string' ? JSON.parse(text) : null
  } catch {
    return null
  }
}
