import { setTimeout as pause } from 'node:timers/promises'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { expect, it } from 'vitest'
import { type FaultProxy, startFaultProxy } from 'wsticket-engines/fault-proxy'
import { until } from 'wsticket-engines/until'
import { type Connection, networkedStores } from './networked-stores.ts'
import { startLoad } from './outage-load.ts'
import { long } from './proof-size.ts'

const outageCount = long ? 60 : 3
// What a client keeps of a line that was dropped is there then: a second pool, for instance.
const outagesToSettle = 3
const outageMs = 1200
const timeout = 60_000 + outageCount * 10_000
const growthAtMost = 5_000_000
const connectionsAtMost = 20

setFlagsFromString('--expose-gc')
const collectGarbage = runInNewContext('gc') as () => void

interface Line {
  readonly connection: Connection
  readonly proxy: FaultProxy
}

/** Refused, cut off, held, and stranded, one after the other, while the store is asked all the time. */
async function goThrough(number: number, { connection, proxy }: Line): Promise<void> {
  const load = startLoad(connection.store)
  await load.recovered()
  if (number % 3 === 0) proxy.refuse()
  if (number % 3 === 0) proxy.cut()
  if (number % 3 === 1) proxy.hold()
  if (number % 3 === 2) proxy.strand()
  await pause(outageMs)
  await proxy.accept()
  proxy.pass()
  await load.recovered()
  await load.stop()
}

function sockets(): number {
  return process.getActiveResourcesInfo().filter((name) => name.startsWith('TCPSocket')).length
}

async function open(): Promise<{ lines: Line[]; close: () => Promise<void> }> {
  const servers = await Promise.all(networkedStores.map(({ startServer }) => startServer()))
  const lines = await Promise.all(
    networkedStores.map(async ({ protocol, connect }, index) => {
      const proxy = await startFaultProxy({ to: servers[index]?.port ?? 0, protocol })
      return { proxy, connection: connect(proxy.port) }
    }),
  )
  return {
    lines,
    async close() {
      for (const { proxy } of lines) await proxy.stop()
      for (const server of servers) await server.dispose()
    },
  }
}

function look(lines: readonly Line[]) {
  for (const { proxy } of lines) proxy.forget()
  collectGarbage()
  return { heap: process.memoryUsage().heapUsed, listeners: lines.map(({ connection }) => connection.listeners()) }
}

it('outages leave nothing behind: no listener, no memory, and no connection', { timeout }, async ({
  onTestFinished,
}) => {
  const { lines, close } = await open()
  onTestFinished(close)
  const goThroughAll = async (outages: number) => {
    for (let number = 0; number < outages; number += 1) await Promise.all(lines.map((line) => goThrough(number, line)))
  }
  await goThroughAll(outagesToSettle)
  const before = look(lines)
  await goThroughAll(outageCount)
  const after = look(lines)
  expect(after.listeners).toEqual(before.listeners)
  expect(after.heap - before.heap).toBeLessThan(growthAtMost)
  for (const { proxy } of lines) proxy.cut()
  await goThroughAll(1)
  for (const { proxy } of lines) expect(proxy.connections()).toBeLessThanOrEqual(connectionsAtMost)
  for (const { connection } of lines) await connection.close()
  for (const { proxy } of lines) proxy.cut()
  await until('no socket is left', () => sockets() === 0)
})
