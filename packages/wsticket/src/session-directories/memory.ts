/**
 * Session directory in the memory of one process: for several servers in it whose sessions are counted and listed together.
 * @module
 */
import type { EpochMs } from '../clock.ts'
import { StoreError } from '../errors.ts'
import type { DirectoryEntry, SessionDirectory } from '../session-directory.ts'
import type { TicketId } from '../ticket.ts'

interface Node {
  aliveUntil: EpochMs
  count: number
  readonly entries: Map<TicketId, DirectoryEntry>
}

/** Creates a directory: empty. */
export function createMemorySessionDirectory(): SessionDirectory {
  const nodes = new Map<string, Node>()
  let closed = false

  /** Those that are alive; the others are forgotten. */
  function living(now: EpochMs): Iterable<Node> {
    if (closed) throw new StoreError('closed', 'the memory directory is closed')
    for (const [name, { aliveUntil }] of nodes) if (aliveUntil <= now) nodes.delete(name)
    return nodes.values()
  }

  return {
    name: 'memory',
    async tell({ node: name, before, aliveUntil, count, present, gone }, now) {
      living(now)
      const known = nodes.get(name)
      const node = known ?? { aliveUntil, count, entries: new Map() }
      const step = (known?.aliveUntil ?? null) === before ? 'in_step' : 'out_of_step'
      nodes.set(name, Object.assign(node, { aliveUntil, count }))
      for (const entry of present) {
        const [owner = node] = Array.from(nodes.values()).filter(({ entries }) => entries.has(entry.id))
        // A word that comes late takes nothing back.
        if (owner !== node && owner.aliveUntil > aliveUntil) continue
        owner.entries.delete(entry.id)
        node.entries.set(entry.id, entry)
      }
      for (const { id } of gone) node.entries.delete(id)
      return step
    },
    async list({ subject, after, most }, now) {
      return Array.from(living(now))
        .flatMap(({ entries }) => Array.from(entries.values()))
        .filter((entry) => (subject === null || entry.subject === subject) && (after === null || entry.id > after))
        .sort((one, other) => (one.id < other.id ? -1 : 1))
        .slice(0, most)
    },
    count: async (now) => Array.from(living(now)).reduce((sum, { count }) => sum + count, 0),
    async close() {
      closed = true
      nodes.clear()
    },
  }
}
