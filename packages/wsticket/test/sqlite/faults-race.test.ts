/** F1: four processes redeem the same tickets at the same time. */
import { join } from 'node:path'
import { beforeEach, describe, expect, it, onTestFinished } from 'vitest'
import { temporaryFolder } from 'wsticket-engines/process'
import { long } from '../faults/proof-size.ts'
import { startProgram } from './program.ts'

const tickets = long ? 20_000 : 500
// A ticket lives for a minute: so many are out at a time.
const batch = 500

let path: string

beforeEach(() => {
  const folder = temporaryFolder('sqlite-race')
  path = join(folder.path, 'tickets.db')
  onTestFinished(folder.remove)
})

/** How many tickets were admitted once, twice and so on by four processes. */
async function race(program: string): Promise<ReadonlyMap<number, number>> {
  const issuer = startProgram('clerk', [path])
  // Makes the file.
  await issuer.ask('inspect')
  const racers = Array.from({ length: 4 }, () => startProgram(program, [path]))
  for (const racer of racers) await racer.until('ready')
  const said: string[] = []
  for (let from = 0; from < tickets; from += batch) {
    await issuer.ask(`issue ${from} ${from + batch}`)
    said.push(...(await Promise.all(racers.map((racer) => racer.ask(`race ${from} ${from + batch}`)))).flat())
  }
  const wins = new Map<string, number>()
  for (const line of said.filter((each) => each.startsWith('redeemed'))) wins.set(line, (wins.get(line) ?? 0) + 1)
  const tally = new Map<number, number>()
  for (const count of wins.values()) tally.set(count, (tally.get(count) ?? 0) + 1)
  return tally
}

describe('processes of one machine', () => {
  it(`get each of ${tickets} tickets once, four of them with 16 racers each`, { timeout: 600_000 }, async () => {
    expect([...(await race('clerk'))]).toEqual([[1, tickets]])
  })

  it('get some tickets more than once where they look first and spend then: the race is one', async () => {
    const tally = await race('naive-clerk')
    const twice = [...tally].filter(([count]) => count > 1)
    expect(twice).not.toEqual([])
  })

  it('open a file that none of them has made yet, all at once, and each can use it', async () => {
    const clerks = Array.from({ length: 4 }, () => startProgram('clerk', [path]))
    for (const clerk of clerks) await clerk.until('ready')
    for (let file = 0; file < 100; file += 1) {
      const said = await Promise.all(clerks.map((clerk, number) => clerk.ask(`issueBeside ${file} ${number}`)))
      expect(said).toEqual(clerks.map((_, number) => [`issued ${number}`, 'done']))
    }
  })
})
