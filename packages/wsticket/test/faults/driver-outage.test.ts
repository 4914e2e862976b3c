import { setTimeout as pause } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type FaultProxy, startFaultProxy } from 'wsticket-engines/fault-proxy'
import { deadlineMs, type EngineServer, networkedStores } from './networked-stores.ts'
import { type Call, startLoad } from './outage-load.ts'
import { long } from './proof-size.ts'

const graceMs = 300
const backWithinMs = 5000
const outageMs = long ? 20_000 : 2500
/** What an open circuit answers at once takes no longer than this. */
const atOnceMs = 50
const failuresToOpen = 5
const trialEveryMs = 500
/** Whoever waits for a line listens for a handful of events, and there is one who waits. */
const moreListenersAtMost = 20

/** Where an engine is, and how it is taken away and brought back. */
interface Place {
  readonly server: EngineServer
  readonly proxy: FaultProxy
}

interface Outage {
  readonly name: string
  /** By way of the proxy, or straight to the engine. */
  readonly by: 'proxy' | 'server'
  /** Takes it away, and says how it is brought back. */
  readonly begin: (place: Place) => Promise<() => unknown>
  /** Whether it takes everything away for as long as it lasts. */
  readonly complete: boolean
}

const outages: readonly Outage[] = [
  {
    name: 'stops and starts again',
    by: 'server',
    async begin({ server }) {
      await server.stop()
      return server.start
    },
    complete: true,
  },
  {
    name: 'freezes with its connections open',
    by: 'server',
    async begin({ server }) {
      server.freeze()
      return server.thaw
    },
    complete: true,
  },
  {
    name: 'is in a black hole',
    by: 'proxy',
    async begin({ proxy }) {
      proxy.hold()
      return proxy.pass
    },
    complete: true,
  },
  {
    name: 'hears all, and no reply arrives',
    by: 'proxy',
    async begin({ proxy }) {
      proxy.hold('replies')
      return proxy.pass
    },
    complete: true,
  },
  {
    name: 'is in a black hole, and comes out of it without its connections',
    by: 'proxy',
    async begin({ proxy }) {
      proxy.hold()
      return () => {
        proxy.cut()
        proxy.pass()
      }
    },
    complete: true,
  },
  {
    name: 'hears no more from the connections that there are, and takes new ones',
    by: 'proxy',
    async begin({ proxy }) {
      proxy.strand()
      return () => {}
    },
    complete: false,
  },
  {
    name: 'comes and goes every second',
    by: 'proxy',
    begin: async ({ proxy }) => proxy.flap(1000),
    complete: false,
  },
]

const warnings: string[] = []
const noteWarning = (warning: Error) => void warnings.push(warning.name)
process.on('warning', noteWarning)
afterAll(() => {
  process.off('warning', noteWarning)
  expect(warnings).not.toContain('MaxListenersExceededWarning')
})

describe.concurrent.each(networkedStores)('$name', ({ protocol, startServer, connect }) => {
  let place: Place
  beforeAll(async () => {
    const server = await startServer()
    place = { server, proxy: await startFaultProxy({ to: server.port, protocol }) }
  })
  afterAll(async () => {
    await place?.proxy.stop()
    await place?.server.dispose()
  })

  describe.sequential('while its engine', { timeout: outageMs + 15_000 }, () => {
    it('is not there yet: the store answers in time, and finds it when it is', async ({ annotate }) => {
      await place.server.stop()
      const connection = connect(place.server.port)
      const load = startLoad(connection.store)
      const startedAt = performance.now()
      await pause(outageMs)
      expectRefusalsAtOnce(load.calls, { startedAt, endedAt: performance.now() })
      await place.server.start()
      await annotate(`back after ${await timeToRecover(load)} ms`)
      await load.stop()
      expect(slowest(load.calls)).toBeLessThan(deadlineMs + graceMs)
      await connection.close()
    })

    for (const { name, by, begin, complete } of outages) {
      it(`${name}: the store answers in time, and is back soon after`, async ({ annotate }) => {
        const connection = connect(place[by].port)
        const load = startLoad(connection.store)
        await load.recovered()
        const listeners = connection.listeners()
        const end = await begin(place)
        const startedAt = performance.now()
        await pause(outageMs)
        if (complete) expectRefusalsAtOnce(load.calls, { startedAt, endedAt: performance.now() })
        expect(connection.listeners()).toBeLessThanOrEqual(listeners + moreListenersAtMost)
        await end()
        await annotate(`back after ${await timeToRecover(load)} ms`)
        await load.stop()
        expect(slowest(load.calls)).toBeLessThan(deadlineMs + graceMs)
        await connection.close()
      })
    }
  })
})

async function timeToRecover(load: ReturnType<typeof startLoad>): Promise<number> {
  const from = performance.now()
  const at = await Promise.race([load.recovered(), pause(backWithinMs, null)])
  if (at === null) throw new Error(`no ticket was redeemed within ${backWithinMs} ms`)
  return Math.round(at - from)
}

function slowest(calls: readonly Call[]): number {
  return Math.max(...calls.map(({ tookMs }) => tookMs))
}

/** Expects everything to fail at once when enough has failed, but for a trial now and then. */
function expectRefusalsAtOnce(calls: readonly Call[], { startedAt, endedAt }: { startedAt: number; endedAt: number }) {
  const failures = calls.filter((call) => call.failed && call.startedAt + call.tookMs > startedAt)
  const openedAt = failures.map((call) => call.startedAt + call.tookMs).toSorted((a, b) => a - b)[failuresToOpen - 1]
  if (openedAt === undefined) throw new Error('the circuit never opened')
  const later = failures.filter((call) => call.startedAt > openedAt)
  expect(later.length).toBeGreaterThan(failuresToOpen)
  const slow = later.filter(({ tookMs }) => tookMs > atOnceMs)
  expect(slow.length).toBeLessThanOrEqual(Math.ceil((endedAt - openedAt) / trialEveryMs))
}
