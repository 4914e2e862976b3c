import { setTimeout as pause } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type FaultProxy, startFaultProxy } from 'wsticket-engines/fault-proxy'
import { heldUpMs } from 'wsticket-engines/held-up'
import { until } from 'wsticket-engines/until'
import type { TicketStore } from '../../src/ticket-store.ts'
import { deadlineMs, type EngineServer, networkedStores } from './networked-stores.ts'
import { type Call, startLoad } from './outage-load.ts'
import { long } from './proof-size.ts'

const graceMs = 1000
/** What was asked a moment ago is at the engine by then. */
const underWayMs = 100
const backWithinMs = 5000
const outageMs = long ? 20_000 : 3000
/** What an open circuit answers at once takes no longer than this. */
const atOnceMs = 50
// What was under way on a line that the store itself has dropped is not counted: it takes a second round to be sure.
const opensWithinMs = 2 * deadlineMs + graceMs
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
  readonly begin: (place: Place, store: TicketStore) => Promise<() => unknown>
  /** Whether it takes everything away for as long as it lasts. */
  readonly complete: boolean
  /** In milliseconds. */
  readonly durationMs: number
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
    durationMs: outageMs,
  },
  {
    name: 'freezes with its connections open',
    by: 'server',
    async begin({ server }) {
      server.freeze()
      return server.thaw
    },
    complete: true,
    durationMs: outageMs,
  },
  {
    name: 'is in a black hole',
    by: 'proxy',
    async begin({ proxy }) {
      proxy.hold()
      return proxy.pass
    },
    complete: true,
    durationMs: outageMs,
  },
  {
    name: 'hears all, and no reply arrives',
    by: 'proxy',
    async begin({ proxy }) {
      proxy.hold('replies')
      return proxy.pass
    },
    complete: true,
    durationMs: outageMs,
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
    durationMs: outageMs,
  },
  {
    name: 'hears no more from the connections that there are, and takes new ones',
    by: 'proxy',
    async begin({ proxy }) {
      proxy.strand()
      return () => {}
    },
    complete: false,
    durationMs: 0,
  },
  {
    name: 'is lost while it is being looked at',
    by: 'proxy',
    async begin({ proxy }, store) {
      proxy.hold('replies')
      store.inspect().catch(() => {})
      await pause(underWayMs)
      proxy.cut()
      return proxy.pass
    },
    complete: false,
    durationMs: 0,
  },
  {
    name: 'comes and goes every second',
    by: 'proxy',
    begin: async ({ proxy }) => proxy.flap(1000),
    complete: false,
    durationMs: outageMs,
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

  describe.sequential('while its engine', { timeout: outageMs + 60_000 }, () => {
    it('is not there yet: the store answers in time, and finds it when it is', async ({ annotate }) => {
      await place.server.stop()
      const connection = connect(place.server.port)
      const load = startLoad(connection.store)
      const startedAt = performance.now()
      await pause(outageMs)
      await expectRefusalsAtOnce(load.calls, startedAt)
      await place.server.start()
      await annotate(`back after ${await timeToRecover(load)} ms`)
      await load.stop()
      expect(slowest(load.calls)).toBeLessThan(deadlineMs + graceMs + heldUpMs())
      await connection.close()
    })

    for (const { name, by, begin, complete, durationMs } of outages) {
      it(`${name}: the store answers in time, and is back soon after`, async ({ annotate }) => {
        const connection = connect(place[by].port)
        const load = startLoad(connection.store)
        await load.recovered()
        const listeners = connection.listeners()
        const end = await begin(place, connection.store)
        try {
          const startedAt = performance.now()
          await pause(durationMs)
          if (complete) await expectRefusalsAtOnce(load.calls, startedAt)
          expect(connection.listeners()).toBeLessThanOrEqual(listeners + moreListenersAtMost)
        } finally {
          await end()
        }
        await annotate(`back after ${await timeToRecover(load)} ms`)
        await load.stop()
        expect(slowest(load.calls)).toBeLessThan(deadlineMs + graceMs + heldUpMs())
        await connection.close()
      })
    }
  })
})

async function timeToRecover(load: ReturnType<typeof startLoad>): Promise<number> {
  const from = performance.now()
  const at = await Promise.race([load.recovered(), pause(4 * backWithinMs, null)])
  if (at === null) throw new Error(`no ticket was redeemed within ${4 * backWithinMs} ms`)
  expect(at - from).toBeLessThan(backWithinMs + heldUpMs())
  return Math.round(at - from)
}

function slowest(calls: readonly Call[]): number {
  return Math.max(...calls.map(({ tookMs }) => tookMs))
}

/** Expects the circuit to open soon after an outage began, and everybody to be refused at once from then on. */
async function expectRefusalsAtOnce(calls: readonly Call[], startedAt: number): Promise<void> {
  const since = () => calls.filter((call) => call.startedAt > startedAt)
  const opened = await until('the circuit is open', () => since().find(({ unasked }) => unasked))
  expect(opened.startedAt - startedAt).toBeLessThan(opensWithinMs + heldUpMs())
  const later = await until('others are refused, too', () => {
    const calls = since().filter((call) => call.startedAt > opened.startedAt)
    return calls.length > 10 ? calls : null
  })
  expect(later.filter(({ unasked }) => !unasked)).toEqual([])
  // The machine may let a process wait: nine of ten tell of the store.
  const times = later.map(({ tookMs }) => tookMs).toSorted((one, other) => one - other)
  expect(times[Math.floor(times.length * 0.9)]).toBeLessThan(atOnceMs)
}
