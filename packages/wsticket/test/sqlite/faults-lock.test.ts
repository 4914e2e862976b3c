/** F20: another process has locked the database, and does not let go. */
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { expect, it, onTestFinished } from 'vitest'
import { temporaryFolder } from 'wsticket-engines/process'
import { systemClock } from '../../src/clock.ts'
import { createSqliteStore } from '../../src/stores/sqlite.ts'
import { long } from '../faults/proof-size.ts'
import { idOf, recordOf } from './numbered-records.ts'
import { startProgram } from './program.ts'

const lockedForMs = long ? 10_000 : 2000
const busyTimeoutMs = 300

/** What nine in ten took at most: the machine itself may stand still now and then. */
function usual(times: readonly number[]): number {
  return times.toSorted((one, other) => one - other)[Math.floor(times.length * 0.9)] ?? Number.POSITIVE_INFINITY
}

it('holds up the event loop once, refuses meanwhile, and admits once when the lock is gone', async () => {
  const folder = temporaryFolder('sqlite-lock')
  const path = join(folder.path, 'tickets.db')
  const store = createSqliteStore({ path, busyTimeoutMs })
  onTestFinished(async () => {
    await store.close()
    folder.remove()
  })
  await store.insert(recordOf(0))
  const locker = startProgram('locker', [path])
  await locker.until('locked')

  /** Redeems, and says what came of it and how long it took: all the while nothing else could be done. */
  const redeem = async () => {
    const startedAt = performance.now()
    const kind = await store.redeem(idOf(0), systemClock()).then(
      (outcome) => outcome.kind,
      (error: { code: string }) => error.code,
    )
    return { kind, heldUpMs: performance.now() - startedAt }
  }

  const first = await redeem()
  expect(first.kind).toBe('unavailable')
  expect(first.heldUpMs).toBeGreaterThan(busyTimeoutMs * 0.9)

  const others = []
  for (const lockedAt = performance.now(); performance.now() - lockedAt < lockedForMs; await sleep(20)) {
    others.push(await redeem())
  }
  expect(new Set(others.map(({ kind }) => kind))).toEqual(new Set(['unavailable']))
  expect(usual(others.map(({ heldUpMs }) => heldUpMs))).toBeLessThan(busyTimeoutMs * 0.9)

  await locker.kill()
  const freedAt = performance.now()
  let kind = 'unavailable'
  // The breaker closes by a timer, for which somebody has to leave it the event loop.
  for (; kind === 'unavailable'; await sleep(20)) kind = (await redeem()).kind
  expect(kind).toBe('redeemed')
  expect(performance.now() - freedAt).toBeLessThan(5000)
  expect((await redeem()).kind).toBe('spent')
})

it('is waited for once, also by a store that has not opened the file yet', async () => {
  const folder = temporaryFolder('sqlite-lock')
  const path = join(folder.path, 'tickets.db')
  await createSqliteStore({ path }).close()
  const locker = startProgram('locker', [path])
  await locker.until('locked')
  const store = createSqliteStore({ path, busyTimeoutMs })
  onTestFinished(async () => {
    await store.close()
    folder.remove()
  })
  const heldUpMs: number[] = []
  for (let attempt = 0; attempt < 50; attempt += 1, await sleep(20)) {
    const startedAt = performance.now()
    await expect(store.insert(recordOf(0))).rejects.toMatchObject({ code: 'unavailable' })
    if (attempt > 0) heldUpMs.push(performance.now() - startedAt)
  }
  expect(usual(heldUpMs)).toBeLessThan(busyTimeoutMs * 0.9)
})
