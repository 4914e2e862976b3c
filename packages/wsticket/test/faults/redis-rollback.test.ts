/**
 * A server that comes back with older data than it had, or beside itself (F12): what was spent since must not be spent again.
 */
import { copyFile, readdir, stat, truncate } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { temporaryFolder } from 'wsticket-engines/process'
import type { RedisServer } from 'wsticket-engines/redis'
import type { TicketId } from '../../src/ticket.ts'
import { expectAnswers } from './expect-answers.ts'
import {
  controls,
  halves,
  issue,
  patient,
  type StoreKind,
  saveSnapshot,
  startNode,
  storesAt,
  storesAtAll,
  ticketCount,
} from './redis-harness.ts'
import { type Answers, createTally, type Tally } from './tally.ts'

interface Rollback {
  readonly name: string
  readonly arguments: readonly string[]
  /** Before any ticket is redeemed. */
  readonly prepare: (node: RedisServer) => Promise<void>
  /** After half of them are: resolves with the nodes that there are then. */
  readonly strike: (node: RedisServer) => Promise<RedisServer[]>
  /** Whether tickets that were redeemed are pending again in the data; null where it depends on the moment. */
  readonly resurrects: boolean | null
}

const rollbacks: readonly Rollback[] = [
  {
    name: 'a snapshot (RDB), kill -9 and a restart from it',
    arguments: [],
    prepare: saveSnapshot,
    strike: killAndRestart,
    resurrects: true,
  },
  {
    name: 'a snapshot that is loaded by another server, beside the first',
    arguments: [],
    prepare: saveSnapshot,
    async strike(node) {
      const folder = temporaryFolder('copy')
      await copyFile(join(node.folder, 'dump.rdb'), join(folder.path, 'dump.rdb'))
      const copy = await startNode({ folder: folder.path }).finally(folder.remove)
      return [node, copy]
    },
    resurrects: true,
  },
  {
    name: 'an append-only file (AOF) that lost its end with the power',
    arguments: ['--appendonly', 'yes', '--appendfsync', 'everysec'],
    prepare: rememberAof,
    strike: loseTheEndOfAof,
    resurrects: true,
  },
  {
    name: 'kill -9 with appendfsync everysec',
    arguments: ['--appendonly', 'yes', '--appendfsync', 'everysec'],
    prepare: async () => {},
    strike: killAndRestart,
    // Redis answers before it writes, for up to two seconds, while the last fsync is not done.
    resurrects: null,
  },
  {
    name: 'kill -9 with appendfsync no',
    arguments: ['--appendonly', 'yes', '--appendfsync', 'no'],
    prepare: async () => {},
    strike: killAndRestart,
    resurrects: false,
  },
  {
    name: 'a clean restart with everything saved',
    arguments: ['--save', '3600 1'],
    prepare: async () => {},
    async strike(node) {
      await node.stop('SIGTERM')
      await node.restart()
      return [node]
    },
    resurrects: false,
  },
]

const aofLengths = new WeakMap<RedisServer, { readonly path: string; readonly bytes: number }>()

async function killAndRestart(node: RedisServer): Promise<RedisServer[]> {
  await node.stop('SIGKILL')
  await node.restart()
  return [node]
}

async function rememberAof(node: RedisServer): Promise<void> {
  const folder = join(node.folder, 'appendonlydir')
  const file = (await readdir(folder)).find((name) => name.endsWith('.incr.aof'))
  const path = join(folder, file ?? '')
  aofLengths.set(node, { path, bytes: (await stat(path)).size })
}

async function loseTheEndOfAof(node: RedisServer): Promise<RedisServer[]> {
  await node.stop('SIGKILL')
  const { path = '', bytes = 0 } = aofLengths.get(node) ?? {}
  await truncate(path, bytes)
  await node.restart()
  return [node]
}

interface Result {
  readonly tally: Tally
  readonly pending: Answers
  readonly spent: Answers
  readonly nodes: number
}

async function run({ arguments: more, prepare, strike }: Rollback, kind: StoreKind): Promise<Result> {
  const node = await startNode({ arguments: more })
  const before = await storesAt(kind, node)
  const { spent, pending } = halves(await issue(before[0]))
  await prepare(node)
  const tally = createTally()
  await tally.present(spent, before)
  const nodes = await strike(node)
  const after = await storesAtAll(kind, nodes)
  const present = (ids: TicketId[]) => tally.present(ids, after)
  return { tally, pending: await present(pending), spent: await present(spent), nodes: nodes.length }
}

describe.each(rollbacks)('$name', (rollback) => {
  it('voids every ticket of the server that was, and admits none twice', async () => {
    const { tally, pending, spent, nodes } = await run(rollback, patient)
    expect(tally.admittedTwice).toBe(0)
    // Each ticket was presented four times to each node; on the first of two nodes, the reign that issued it goes on.
    const half = ticketCount / 2
    if (nodes === 1) {
      expect(tally.admitted).toBe(half)
      expectAnswers(pending, { unknown: 4 * half })
      expectAnswers(spent, { unknown: 4 * half })
    } else {
      expectAnswers(pending, { redeemed: half, spent: 3 * half, unknown: 4 * half })
      expectAnswers(spent, { spent: 4 * half, unknown: 4 * half })
    }
  })

  if (rollback.resurrects === null) return
  it.each(controls)('is a scenario: $name shows it', async (kind) => {
    const { tally } = await run(rollback, kind)
    expect(tally.admittedTwice > 0).toBe(rollback.resurrects)
  })
})
