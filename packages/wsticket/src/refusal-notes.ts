/**
 * Why handshakes were refused whose tickets are spent, for the browser that sees nothing but 1006.
 * @module
 */
import type { RefusalCode } from './refusals.ts'
import { appendQuietly, type RefusedTicket, type SessionLog } from './session-log.ts'
import type { TicketId } from './ticket.ts'

/** Remembers, and tells the other nodes. */
export interface RefusalNotes {
  tell(id: TicketId, code: RefusalCode): void
  /** Null where there was no refusal. */
  ask(id: TicketId): Promise<RefusalCode | null>
  /** Hears what all nodes hear. */
  apply(entry: RefusedTicket): void
}

// Whoever asks does so at once. It is of use and not of consequence: the oldest makes room.
const mostNotes = 10_000

/** Remembers nothing yet. */
export function createRefusalNotes(log: SessionLog | null, catchUp: () => Promise<void>): RefusalNotes {
  const notes = new Map<TicketId, RefusalCode>()

  function keep(id: TicketId, code: RefusalCode): void {
    notes.set(id, code)
    if (notes.size <= mostNotes) return
    for (const oldest of notes.keys()) {
      notes.delete(oldest)
      return
    }
  }

  return {
    tell(id, code) {
      keep(id, code)
      void appendQuietly(log, { kind: 'refused', id, code })
    },
    async ask(id) {
      if (!notes.has(id)) await catchUp()
      return notes.get(id) ?? null
    },
    apply: ({ id, code }) => keep(id, code),
  }
}
