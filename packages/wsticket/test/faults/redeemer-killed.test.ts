/**
 * A process that redeems, several tickets at a time, is killed (SIGKILL) between what it has sent and what is answered; another
 * redeems the same at the same time, and a third afterwards.
 */
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest'
import { startNats } from 'wsticket-engines/nats'
import { startPostgres } from 'wsticket-engines/postgres'
import { startRedis } from 'wsticket-engines/redis'
import { until } from 'wsticket-engines/until'
import { openStore } from '../../src/open-store.ts'
import type { TicketId } from '../../src/ticket.ts'
import type { TicketStore } from '../../src/ticket-store.ts'
import { launch, type Program } from '../sqlite/program.ts'
import { long } from './proof-size.ts'
import { issue } from './redis-harness.ts'
import { createTally } from './tally.ts'

const kills = long ? 1000 : 6
const ticketsForEach = 60
const timeLimitMs = kills * 10_000

const file = fileURLToPath(new URL('./programs/redeemer.mjs', import.meta.url))

function startRedeemer(url: string, ...how: string[]): Program {
  return launch('redeemer', [process.execPath, file, url, ...how])
}

function idsSaid(lines: readonly string[], word: string): Set<string> {
  return new Set(lines.filter((line) => line.startsWith(`${word} `)).map((line) => line.slice(word.length + 1)))
}

/** What came of tickets that a process was killed over. */
interface Counts {
  twice: number
  /** Who was killed had asked for them, and had read no answer. */
  inFlight: number
  /** Redeemed by nobody, though everybody who asked was answered. */
  missing: number
}

interface Round {
  readonly store: TicketStore
  readonly victim: Program
  readonly survivor: Program | null
}

/** Has both redeem the same tickets, kills one of them in the midst of it, and presents all of them twice more. */
async function killOnce({ store, victim, survivor }: Round): Promise<Counts> {
  await victim.until('ready')
  const ids = await issue(store, ticketsForEach)
  victim.tell(ids.join(' '))
  const surviving = survivor?.ask(ids.toReversed().join(' '))
  const turningPoint = ids[Math.floor(Math.random() * ids.length * 0.8)]
  const heard = await victim.until(`asks ${turningPoint}`)
  const said = [...heard, ...(await victim.kill())]
  const [asked, byVictim] = [idsSaid(said, 'asks'), idsSaid(said, 'redeemed')]
  const saidBySurvivor = (await surviving) ?? []
  const bySurvivor = idsSaid(saidBySurvivor, 'redeemed')
  const third = await presentAll(store, ids)
  expect((await presentAll(store, ids)).spent.size).toBe(ids.length)
  const winners = (id: TicketId) => [byVictim, bySurvivor, third.redeemed].filter((won) => won.has(id)).length
  const answered = new Set(said.filter((line) => !line.startsWith('asks ')).map((line) => line.split(' ')[1]))
  const inFlight = ids.filter((id) => asked.has(id) && !answered.has(id))
  const doubtful = new Set([...inFlight, ...idsSaid([...said, ...saidBySurvivor], 'unavailable'), ...third.unavailable])
  return {
    twice: ids.filter((id) => winners(id) > 1).length,
    inFlight: inFlight.length,
    missing: ids.filter((id) => winners(id) === 0 && !doubtful.has(id)).length,
  }
}

/** Presents each until it is answered. */
async function presentAll(store: TicketStore, ids: readonly TicketId[]) {
  const tally = createTally()
  const answers = { redeemed: new Set<string>(), spent: new Set<string>(), unavailable: new Set<string>() }
  for (const id of ids) {
    await until('it is answered', async () => {
      const answer = await tally.redeem(store, id)
      if (answer === 'redeemed' || answer === 'spent' || answer === 'unavailable') answers[answer].add(id)
      return answer !== 'unavailable'
    })
  }
  return answers
}

/** Kills so many, and has the next one start meanwhile. */
async function killMany(url: string, times: number, { how = 'patient', withSurvivor = true } = {}): Promise<Counts> {
  const store = await openStore(url)
  onTestFinished(() => store.close())
  const survivor = withSurvivor ? startRedeemer(url) : null
  await survivor?.until('ready')
  const total: Counts = { twice: 0, inFlight: 0, missing: 0 }
  let next = startRedeemer(url, how)
  for (let kill = 1; kill <= times; kill += 1) {
    const victim = next
    if (kill < times) next = startRedeemer(url, how)
    const counts = await killOnce({ store, victim, survivor })
    for (const [what, count] of Object.entries(counts)) total[what as keyof Counts] += count
  }
  return total
}

describe.each([
  ['redis', startRedis],
  ['postgres', startPostgres],
  ['nats', startNats],
] as const)('a process that is killed while it redeems, on %s,', (_, start) => {
  let engine: { readonly url: string; dispose(): Promise<void> }
  beforeAll(async () => {
    engine = await start()
  })
  afterAll(() => engine?.dispose())

  it(`each of ${kills} times, has admitted no ticket that another admits; each is spent, or good once`, {
    timeout: timeLimitMs,
  }, async () => {
    const counts = await killMany(engine.url, kills)
    expect(counts).toMatchObject({ twice: 0, missing: 0 })
    // The kills are real: questions were under way.
    expect(counts.inFlight).toBeGreaterThan(kills)
  })

  it('is caught where it admits before it has asked', async () => {
    expect((await killMany(engine.url, 2, { how: 'hasty', withSurvivor: false })).twice).toBeGreaterThan(0)
  })
})
