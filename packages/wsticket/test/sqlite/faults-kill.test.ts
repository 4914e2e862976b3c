/** F20: a process that redeems as fast as it can is killed (SIGKILL) at random moments, and another one redeems the same again. */
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { temporaryFolder } from 'wsticket-engines/process'
import { createSqliteStore } from '../../src/stores/sqlite.ts'
import { long } from '../faults/proof-size.ts'
import { admittedBy, countInBoth, redeemBelow } from './admitted.ts'
import { startProgram } from './program.ts'

const kills = long ? 2000 : 20
const timeLimitMs = kills * 2000

interface Counts {
  issued: number
  admitted: number
  twice: number
  /** Spent, and nobody was told. */
  lost: number
  mostLostInOneKill: number
}

interface Kill {
  readonly program: string
  readonly tickets: number
  /** Whether another process has the file open all the while. */
  readonly withSurvivor: boolean
}

/** Kills a process in the midst of redeeming. */
async function killOnce(path: string, { program, tickets, withSurvivor }: Kill): Promise<Counts> {
  const store = createSqliteStore({ path })
  const clerk = startProgram(program, [path])
  await clerk.until('ready')
  await clerk.ask(`issue 0 ${tickets}`)
  if (withSurvivor) await store.inspect()
  clerk.tell(`redeem 0 ${tickets}`)
  const heard = await clerk.until(`redeemed ${Math.floor(Math.random() * tickets * 0.9)}`)
  const before = admittedBy([...heard, ...(await clerk.kill())])
  const after = await redeemBelow(store, tickets)
  await store.close()
  const twice = countInBoth(before, after)
  const admitted = before.size + after.size
  const lost = tickets - admitted + twice
  return { issued: tickets, admitted, twice, lost, mostLostInOneKill: lost }
}

function add(one: Counts, other: Counts): Counts {
  return {
    issued: one.issued + other.issued,
    admitted: one.admitted + other.admitted,
    twice: one.twice + other.twice,
    lost: one.lost + other.lost,
    mostLostInOneKill: Math.max(one.mostLostInOneKill, other.mostLostInOneKill),
  }
}

/** Kills so many, two at a time. */
async function killMany(times: number, how: Omit<Kill, 'tickets'>): Promise<Counts> {
  const folder = temporaryFolder('sqlite-kill')
  let counts: Counts = { issued: 0, admitted: 0, twice: 0, lost: 0, mostLostInOneKill: 0 }
  const lane = async (first: number) => {
    for (let kill = first; kill < times; kill += 2) {
      // Of other numbers, so that the log is written back to the database at other moments.
      const tickets = 150 + (kill % 7) * 40
      counts = add(counts, await killOnce(join(folder.path, `${kill}.db`), { ...how, tickets }))
    }
  }
  await Promise.all([lane(0), lane(1)])
  folder.remove()
  return counts
}

describe('a process that is killed while it redeems', () => {
  it.each([
    [`each of ${kills / 2} times, no other having the file open`, false],
    [`each of ${kills / 2} times, another having the file open`, true],
  ])(
    `has admitted no ticket that is admitted again, and lost at most the one in hand, %s`,
    async (_, withSurvivor) => {
      const counts = await killMany(kills / 2, { program: 'clerk', withSurvivor })
      expect(counts).toMatchObject({ twice: 0, admitted: counts.issued - counts.lost })
      expect(counts.mostLostInOneKill).toBeLessThanOrEqual(1)
    },
    timeLimitMs,
  )

  it('has admitted some that are admitted again where it reports before it commits: the kills are real', async () => {
    let twice = 0
    for (let attempt = 0; twice === 0 && attempt < 10; attempt += 1)
      twice = (await killMany(6, { program: 'hasty-clerk', withSurvivor: false })).twice
    expect(twice).toBeGreaterThan(0)
  })
})
