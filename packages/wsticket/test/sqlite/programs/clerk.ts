/**
 * Issues and redeems the tickets of a database as fast as it can, as it is told line by line, and says at once what came of each:
 * `redeemed 17`, and `done` at the end of a line.
 *   node clerk.ts <path> [busyTimeoutMs]
 *   issue 0 100, redeem 0 100    these tickets, without the last
 *   race 0 100                   redeems each of them 16 times at once
 *   claim 0 100                  counts a ticket for each of these subjects, one at the most: `counted 17`, `over 18`
 *   issueBeside 3 0              this ticket, in the database `<path>.3`, which is opened for it
 *   inspect                      says what weakens the store, after `weakness`, or why it is refused, after `refused`
 *   close
 */
import { writeSync } from 'node:fs'
import { createInterface } from 'node:readline'
import { systemClock } from '../../../src/clock.ts'
import { createSqliteStore } from '../../../src/stores/sqlite.ts'
import { idOf, recordOf, ticketFor } from '../numbered-records.ts'

const [path = '', busyTimeoutMs = '1000'] = process.argv.slice(2)
const store = createSqliteStore({ path, busyTimeoutMs: Number(busyTimeoutMs) })

const verbs: { readonly [verb: string]: (from: number, to: number) => Promise<void> } = {
  issue: (from, to) => each(from, to, (number) => store.insert(recordOf(number)).then(() => 'issued')),
  redeem: (from, to) => each(from, to, (number) => store.redeem(idOf(number), systemClock()).then(({ kind }) => kind)),
  async race(from, to) {
    for (let number = from; number < to; number += 1) {
      const racers = Array.from({ length: 16 }, () => verbs.redeem?.(number, number + 1))
      await Promise.all(racers)
    }
  },
  claim: (from, to) =>
    each(from, to, async (number) => {
      const waitMs = await store.quota?.claim(ticketFor(number), 1, systemClock())
      return waitMs === 0 ? 'counted' : 'over'
    }),
  async issueBeside(file, number) {
    const beside = createSqliteStore({ path: `${path}.${file}` })
    const outcome = await beside.insert(recordOf(number)).then(() => 'issued', codeOf)
    say(`${outcome} ${number}`)
    await beside.close()
  },
  async inspect() {
    try {
      for (const weakness of (await store.inspect()).weaknesses) say(`weakness ${weakness}`)
    } catch (error) {
      say(`refused ${(error as Error).message}`)
    }
  },
  close: () => store.close(),
}

function codeOf(error: { readonly code?: unknown }): string {
  return String(error.code)
}

/** Written at once, not when there is time: what is said before a crash has happened before it. */
function say(line: string): void {
  writeSync(1, `${line}\n`)
}

async function each(from: number, to: number, act: (number: number) => Promise<string>): Promise<void> {
  for (let number = from; number < to; number += 1) {
    const outcome = await act(number).catch(codeOf)
    say(`${outcome} ${number}`)
  }
}

say('ready')
for await (const line of createInterface({ input: process.stdin })) {
  const [verb = '', from, to] = line.split(' ')
  await verbs[verb]?.(Number(from), Number(to))
  say('done')
}
