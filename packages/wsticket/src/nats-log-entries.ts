/**
 * The entries of the NATS log: read one by one from the leader of its stream, and dropped when they are old. A stream numbers its messages
 * without a gap, so that one which is left out is noticed.
 * @module
 */
import { type Asker, requireWaiting } from './asker.ts'
import { parsePosition, positionOf, readEntries, readEntry } from './entry-text.ts'
import { StoreError } from './errors.ts'
import type { KeptMessage, NatsDriver, Stream } from './nats-driver.ts'
import { entryAgeMs, type LoggedEntry, type LogPosition } from './session-log.ts'

/** Where entries are. */
export interface EntrySource {
  readonly driver: Pick<NatsDriver, 'stream' | 'messageOfLeader' | 'lastOfLeader' | 'dropBelow'>
  /** Its name is also its subject. */
  readonly stream: string
  /** How long a new leader may take to have what the last one had, in milliseconds. */
  readonly patienceMs: number
}

/** What is to be read behind a position. */
export interface Reading {
  readonly position: LogPosition
  /** How many entries at the most. */
  readonly most: number
  readonly asker: Asker
}

/** How many are dropped at once, at the most. */
export const mostDropped = 64
const attempts = 4

/**
 * The oldest entries that there are.
 * @throws StoreError `malformed` where one is missing among them: nobody could read on there.
 */
export async function readOldest(source: EntrySource, most: number): Promise<readonly LoggedEntry[]> {
  for (let seenFirst = 0; ; ) {
    const { firstSequence, lastSequence } = await requireStream(source)
    // One that never had a message may count from 0.
    const first = Math.max(firstSequence, 1)
    const messages = await messagesOf(source, first, Math.min(first + most - 1, lastSequence))
    if (isWhole(messages)) return readEntries(messages, entryOf)
    // Unless somebody has dropped what is old meanwhile.
    if (first === seenFirst) throw new StoreError('malformed', 'the session log lacks an entry behind its oldest')
    seenFirst = first
  }
}

/** What is behind a position, or `lost`. */
export async function readBehind(source: EntrySource, reading: Reading): Promise<readonly LoggedEntry[] | 'lost'> {
  for (let attempt = 1; ; attempt += 1) {
    const found = await lookBehind(source, reading)
    if (found !== 'absent') return found
    if (attempt === attempts) return 'lost'
    await new Promise((resolve) => setTimeout(resolve, source.patienceMs / (attempts - 1)))
    requireWaiting(reading.asker)
  }
}

/** `absent` where something is not there that may still come: a new leader may be behind the last one for a moment. */
async function lookBehind(
  source: EntrySource,
  { position, most }: Reading,
): Promise<readonly LoggedEntry[] | 'lost' | 'absent'> {
  const last = await source.driver.lastOfLeader(source.stream, source.stream)
  const at = parsePosition(position)
  const sequence = Number(at?.sequence)
  // That of another engine.
  if (!Number.isSafeInteger(sequence)) return 'lost'
  if (last === null || last.sequence < sequence) return 'absent'
  if (last.sequence === sequence) return last.id === at?.nonce ? [] : 'lost'
  const [own, ...behind] = await messagesOf(source, sequence, Math.min(sequence + most, last.sequence))
  if (!own || !isWhole(behind)) return 'absent'
  return own.id === at?.nonce ? readEntries(behind, entryOf) : 'lost'
}

/**
 * Drops the oldest that have an old one behind them, by the servers' own clocks. The last one stays however old it is, for whoever has
 * read it: nobody drops anything unless something is written.
 */
export async function dropOld(source: EntrySource, written: number): Promise<void> {
  const { driver, stream } = source
  const { firstSequence: first } = await requireStream(source)
  const [last, second] = await Promise.all([written, first + 1].map((one) => driver.messageOfLeader(stream, one)))
  // One that is missing among others goes with them: nobody can read past it, and it would be in the way for good.
  const isYoung = (kept?: KeptMessage | null) => !last || (!!kept && last.storedAt - kept.storedAt < entryAgeMs)
  if (isYoung(second)) return
  const oldest = await messagesOf(source, first, Math.min(first + mostDropped, written))
  const young = oldest.findIndex(isYoung)
  const old = (young === -1 ? oldest : oldest.slice(0, young)).findLast((kept) => kept !== null)
  if (old) await driver.dropBelow(stream, old.sequence)
}

/** Both ends included; null for one that is not there. */
function messagesOf({ driver, stream }: EntrySource, first: number, last: number): Promise<(KeptMessage | null)[]> {
  const sequences = Array.from({ length: Math.max(last - first + 1, 0) }, (_, at) => first + at)
  return Promise.all(sequences.map((sequence) => driver.messageOfLeader(stream, sequence)))
}

function isWhole(messages: readonly (KeptMessage | null)[]): messages is readonly KeptMessage[] {
  return !messages.includes(null)
}

async function requireStream({ driver, stream }: EntrySource): Promise<Stream> {
  const found = await driver.stream(stream)
  if (found === null) throw new StoreError('unavailable', 'nats: the session log is gone')
  return found
}

function entryOf({ sequence, id, text }: KeptMessage): LoggedEntry {
  return { position: positionOf(sequence, id), entry: readEntry(text) }
}
