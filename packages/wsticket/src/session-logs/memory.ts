/**
 * Session log in the memory of one process: for several servers in it that are to be told the same. A restart loses the log, and
 * the sessions with it.
 * @module
 */
import { type Clock, type EpochMs, systemClock } from '../clock.ts'
import { StoreError } from '../errors.ts'
import { entryAgeMs, type LoggedEntry, type LogPosition, type SessionLog } from '../session-log.ts'

/** Options of the memory log. */
export interface MemorySessionLogOptions {
  /** Default: the machine's clock. Decides only what is dropped when. */
  readonly clock?: Clock
}

interface Kept extends LoggedEntry {
  readonly number: number
  readonly writtenAt: EpochMs
}

/** Creates a log. */
export function createMemorySessionLog({ clock = systemClock }: MemorySessionLogOptions = {}): SessionLog {
  const kept: Kept[] = []
  let written = 0
  let closed = false

  function requireOpen(): void {
    if (closed) throw new StoreError('closed', 'the memory log is closed')
  }

  return {
    name: 'memory',
    async append(entry) {
      requireOpen()
      const now = clock()
      // The oldest goes once the one behind it is old: who stands there has been away for as long.
      while (kept[1] !== undefined && now - kept[1].writtenAt >= entryAgeMs) kept.shift()
      written += 1
      const position = String(written) as LogPosition
      kept.push({ number: written, position, entry, writtenAt: now })
      return position
    },
    async readAfter(position, most) {
      requireOpen()
      if (position === null) return kept.slice(0, most)
      const at = Number(position) - (kept[0]?.number ?? 0)
      if (kept[at]?.position !== position) return 'lost'
      return kept.slice(at + 1, at + 1 + most)
    },
    async close() {
      closed = true
      kept.length = 0
    },
  }
}
