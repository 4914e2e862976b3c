/**
 * Writes into the session log of a database and reads from it, as it is told line by line, and says at once what came of each: `wrote`
 * with the position, `read` with the position and the name of an entry, `lost`, or the code of an error, and `done` at the end of a line.
 *   node scribe.ts <path> <name>
 *   append 0 100            writes these entries, without the last; their names are that of the scribe and their numbers
 *   follow 300              reads from the beginning until it has seen so many, again and again, seven at the most each time
 *   readAfter <position>    reads what is behind it, once
 */
import { writeSync } from 'node:fs'
import { createInterface } from 'node:readline'
import { setTimeout as sleep } from 'node:timers/promises'
import { systemClock } from '../../../src/clock.ts'
import type { LogPosition, SessionEntry } from '../../../src/session-log.ts'
import { createSqliteSessionLog } from '../../../src/session-logs/sqlite.ts'

const [path = '', name = ''] = process.argv.slice(2)
const log = createSqliteSessionLog({ path })

function entryOf(number: number): SessionEntry {
  return { kind: 'revocation', selector: { kind: 'audience', audience: `${name}-${number}` }, at: systemClock() }
}

function nameOf(entry: SessionEntry): string {
  return entry.kind === 'revocation' && entry.selector.kind === 'audience' ? entry.selector.audience : 'another'
}

const verbs: { readonly [verb: string]: (...words: readonly string[]) => Promise<void> } = {
  async append(from, to) {
    for (let number = Number(from); number < Number(to); number += 1) {
      say(await log.append(entryOf(number)).then((position) => `wrote ${position}`, codeOf))
    }
  },
  async follow(count) {
    let position: LogPosition | null = null
    for (let seen = 0; seen < Number(count); await sleep(1)) {
      const entries = await log.readAfter(position, 7)
      if (entries === 'lost') return say('lost')
      for (const read of entries) {
        say(`read ${read.position} ${nameOf(read.entry)}`)
        position = read.position
        seen += 1
      }
    }
  },
  async readAfter(position) {
    const entries = await log.readAfter(position as LogPosition, 1000).catch(codeOf)
    if (typeof entries === 'string') return say(entries)
    for (const read of entries) say(`read ${read.position} ${nameOf(read.entry)}`)
  },
}

function codeOf(error: { readonly code?: unknown }): string {
  return String(error.code)
}

/** Written at once, not when there is time: what is said before a crash has happened before it. */
function say(line: string): void {
  writeSync(1, `${line}\n`)
}

say('ready')
for await (const line of createInterface({ input: process.stdin })) {
  const [verb = '', ...words] = line.split(' ')
  await verbs[verb]?.(...words)
  say('done')
}
