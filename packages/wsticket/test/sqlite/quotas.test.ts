/** How many tickets of a subject are outstanding, counted over the processes of a machine. */
import { join } from 'node:path'
import { beforeEach, describe, expect, it, onTestFinished } from 'vitest'
import { temporaryFolder } from 'wsticket-engines/process'
import { createAdmission } from '../../src/admission.ts'
import { systemClock } from '../../src/clock.ts'
import { createIssuer } from '../../src/issuer.ts'
import { createSqliteStore } from '../../src/stores/sqlite.ts'
import { createMovableClock } from '../../src/testing/movable-clock.ts'
import { sampleLifetimeMs, sampleRecord } from '../../src/testing/store-harness.ts'
import type { TicketRecord } from '../../src/ticket.ts'
import type { TicketQuota } from '../../src/ticket-quota.ts'
import type { TicketStore } from '../../src/ticket-store.ts'
import { at, pageOrigin } from '../core/fixtures.ts'
import { offering } from '../core/verifier.ts'
import { describeQuota } from '../quotas/quota-suite.ts'
import { recordOf } from './numbered-records.ts'
import { startProgram } from './program.ts'
import { openRaw } from './raw-database.ts'

const most = 5
const subjects = 1000

let path: string
let store: TicketStore
let quota: TicketQuota

beforeEach(() => {
  const folder = temporaryFolder('sqlite-quotas')
  onTestFinished(folder.remove)
  path = join(folder.path, 'tickets.db')
  store = open()
  quota = quotaOf(store)
})

function open(options: { readonly clock?: typeof systemClock; readonly busyTimeoutMs?: number } = {}): TicketStore {
  const opened = createSqliteStore({ path, ...options })
  onTestFinished(() => opened.close())
  return opened
}

function quotaOf({ quota: found }: TicketStore): TicketQuota {
  if (found === undefined) throw new TypeError('the store has no quota')
  return found
}

function countRows(): unknown {
  const database = openRaw(path)
  const [row] = database.prepare('SELECT count(*) AS rows FROM wsticket_outstanding').all()
  database.close()
  return row?.rows
}

describe('in SQLite', () => {
  describeQuota(() => ({ handles: [quota, quotaOf(open())] }))

  it(`counts one ticket for each of ${subjects} subjects that four processes have one for in the same moment`, async () => {
    const clerks = Array.from({ length: 4 }, () => startProgram('clerk', [path]))
    for (const clerk of clerks) await clerk.until('ready')
    const said = (await Promise.all(clerks.map((clerk) => clerk.ask(`claim 0 ${subjects}`)))).flat()
    const counted = said.filter((line) => line.startsWith('counted '))
    expect(counted).toHaveLength(subjects)
    expect(new Set(counted).size).toBe(subjects)
    expect(said.filter((line) => line.startsWith('over '))).toHaveLength(3 * subjects)
  })

  it('counts nothing of an earlier reign: those tickets are void', async () => {
    const claim = (number: number) => quota.claim(recordOf(number), 1, systemClock())
    expect(await claim(0)).toBe(0)
    expect(await claim(1)).toBeGreaterThan(0)
    // The last to close the file ends the reign.
    await store.close()
    expect(countRows()).toBe(1)
    quota = quotaOf(open())
    expect(await claim(1)).toBe(0)
    expect(await claim(2)).toBeGreaterThan(0)
  })

  it('sweeps what is over, and nothing before', async () => {
    const now = systemClock()
    for (let number = 0; number < 250; number += 1) await quota.claim(recordOf(number), 1000, now)
    await store.sweep(now)
    expect(countRows()).toBe(250)
    expect(await store.sweep(at(now + 10 * sampleLifetimeMs))).toBe(0)
    expect(countRows()).toBe(0)
  })

  it('sweeps by itself, a part with every insert, also where no ticket has to be', async () => {
    const clock = createMovableClock()
    const sweeping = open({ clock: clock.now })
    const old = (record: TicketRecord) => quotaOf(sweeping).claim(record, 1000, clock.now())
    for (let number = 0; number < 250; number += 1) await old(sampleRecord(clock.now()))
    clock.advance(2 * sampleLifetimeMs + 60_000)
    const counts = []
    for (let number = 0; number < 3; number += 1) {
      await sweeping.insert(sampleRecord(clock.now()))
      counts.push(countRows())
    }
    expect(counts).toEqual([150, 50, 0])
  })

  it('says that it cannot tell where the file is locked, until it is not', async () => {
    const busy = open({ busyTimeoutMs: 50 })
    await busy.inspect()
    const locker = startProgram('locker', [path])
    await locker.until('locked')
    await expect(quotaOf(busy).claim(recordOf(0), most, systemClock())).rejects.toMatchObject({ code: 'unavailable' })
    await expect(quotaOf(busy).giveBack(recordOf(0))).rejects.toMatchObject({ code: 'unavailable' })
    await locker.kill()
    await expect
      .poll(() =>
        quotaOf(busy)
          .claim(recordOf(0), most, systemClock())
          .catch(() => null),
      )
      .toBe(0)
  })

  it('has room again for a ticket that another process has redeemed', async () => {
    const events: string[] = []
    const issuer = createIssuer({
      store,
      audiences: ['chat'],
      ticketsPerSubject: 1,
      onEvent: ({ type }) => events.push(type),
    })
    const identity = { issuer: 'https://issuer.example', subject: 'alice', expiresAt: null, claims: {} }
    const issue = () => issuer.issue(identity, { audience: 'chat' }, { clientAddress: null, origin: null })
    const issued = await issue()
    if (typeof issued === 'string' || !('ticket' in issued)) throw new TypeError('there should be a ticket')
    expect(await issue()).toMatchObject({ code: 'too_many_tickets' })
    const admission = createAdmission({ store: open(), audience: 'chat', origins: [pageOrigin], addressPolicy: 'off' })
    expect((await admission.admit(offering(issued.ticket))).kind).toBe('admitted')
    expect(await issue()).toHaveProperty('ticket')
    expect(events).not.toContain('dangerous_setting')
  })
})
