/**
 * What the cases of the suite for session directories have in common: nodes, and what they tell.
 * @module
 */
import type { EpochMs } from '../clock.ts'
import type { Subject } from '../credential.ts'
import type { DirectoryEntry, NodeNews, SessionDirectory } from '../session-directory.ts'
import type { ConformanceCase } from './conformance-case.ts'
import { later, newId } from './store-harness.ts'

/** An engine, ready for one case, with an empty directory. */
export interface SessionDirectoryHarness {
  /** Opens a handle. */
  open(): Promise<SessionDirectory>
  /** Opens another handle on the same directory, over a connection of its own. In one process's memory: the same directory. */
  openSecond(): Promise<SessionDirectory>
  /** Makes the engine lose all that the directory has. Null: by closing it nothing is left that could be asked. */
  readonly lose: (() => Promise<void>) | null
  /** Closes every directory that was opened, and removes what is left in the engine. Also after a case that failed. */
  dispose(): Promise<void>
}

/** A case of the suite. */
export type SessionDirectoryCase = ConformanceCase<SessionDirectoryHarness, 'lose'>

/** A subject that is not plain. */
export const alice = 'https://issuer.example#ümläut "1"' as Subject
/** Another. */
export const bob = 'https://issuer.example#bob' as Subject
/** When the cases happen. */
export const now = 1_800_000_000_123 as EpochMs
/** How long a node is alive after a word, in milliseconds. */
export const leaseMs = 30_000

/** A new session at a node. */
export function entryOf(node: string, subject: Subject = alice): DirectoryEntry {
  return { id: newId(), node, subject, audience: 'chat', clientAddress: '2001:db8::1', since: now, until: null }
}

/** A first word of a node. */
export function newsOf(node: string, news: Partial<NodeNews> = {}): NodeNews {
  return {
    node,
    before: null,
    aliveUntil: later(now, leaseMs),
    count: news.present?.length ?? 0,
    present: [],
    gone: [],
    ...news,
  }
}

/** Entries as a text, in the order of their ids. */
export function textOf(entries: readonly DirectoryEntry[]): string {
  const byId = [...entries].sort((one, other) => (one.id < other.id ? -1 : 1))
  return JSON.stringify(
    byId.map(({ id, node, subject, audience, clientAddress, since, until }) => [
      id,
      node,
      subject,
      audience,
      clientAddress,
      since,
      until,
    ]),
  )
}

/** Who is on, of a subject where one is named. */
export async function everybody(
  directory: SessionDirectory,
  at: EpochMs = now,
  subject: Subject | null = null,
): Promise<readonly DirectoryEntry[]> {
  return directory.list({ subject, after: null, most: 1000 }, at)
}
