/**
 * A Redis primary with replicas, watched by three sentinels that promote a replica when the primary is gone.
 * @module
 */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { temporaryFolder } from './process.mjs'
import { launchOnFreePort, launchRedis, startRedis } from './redis.mjs'
import { sendCommand } from './redis-command.mjs'
import { until } from './until.mjs'

/** @import { RedisServer } from './redis.mjs' */

/**
 * @typedef {object} Sentinel
 * @property {number} port
 * @property {(...command: string[]) => Promise<string>} command
 * @property {() => Promise<void>} dispose
 */

/**
 * @typedef {object} RedisSentinel
 * @property {string} name of the primary, as sentinels are asked for it
 * @property {readonly { readonly host: string, readonly port: number }[]} addresses of the sentinels
 * @property {readonly Sentinel[]} sentinels
 * @property {readonly RedisServer[]} nodes the first was the primary at the start
 * @property {() => Promise<RedisServer>} primary the one that the sentinels name now
 * @property {() => Promise<RedisServer[]>} replicas all the others
 * @property {() => Promise<void>} hasten until the next `failover`, a primary that is silent for half a second is replaced
 * @property {() => Promise<RedisServer>} failover ends the primary as `kill -9` does, and resolves with the new one when every sentinel names it
 * @property {() => Promise<void>} dispose
 */

const name = 'primary'
const quorum = 2
const sentinelCount = 3
// Longer than any machine stands still: a primary that only seems to be down is not replaced.
const patientMs = 60_000
const impatientMs = 500

/**
 * Starts them all, and resolves when the sentinels know of each other and of every replica.
 * @param {object} [options]
 * @param {number} [options.replicas]
 * @param {readonly string[]} [options.arguments] more of `redis-server`, for each of the nodes
 * @returns {Promise<RedisSentinel>}
 */
export async function startRedisSentinel({ replicas = 1, arguments: more = [] } = {}) {
  /** @type {{ dispose: () => Promise<void> }[]} */
  const started = []
  const dispose = async () => void (await Promise.all(started.map((server) => server.dispose())))
  /** @template {{ dispose: () => Promise<void> }} Server @param {Server} server */
  const keep = (server) => {
    started.push(server)
    return server
  }
  try {
    const first = keep(await startRedis({ arguments: more }))
    const nodes = [first]
    while (nodes.length <= replicas) nodes.push(keep(await startRedis({ arguments: more, replicaOf: first.port })))
    /** @type {Sentinel[]} */
    const sentinels = []
    while (sentinels.length < sentinelCount) sentinels.push(keep(await startSentinel(first.port)))
    await until('the sentinels agree', async () => {
      const agreed = await Promise.all(sentinels.map((sentinel) => knowsAll(sentinel, replicas)))
      return agreed.every(Boolean)
    })
    return { ...describeSentinel(nodes, sentinels), dispose }
  } catch (error) {
    await dispose()
    throw error
  }
}

/** @param {RedisServer[]} nodes @param {Sentinel[]} sentinels @returns {Omit<RedisSentinel, 'dispose'>} */
function describeSentinel(nodes, sentinels) {
  const portAt = async (/** @type {Sentinel} */ sentinel) => {
    const address = await sentinel.command('SENTINEL', 'GET-MASTER-ADDR-BY-NAME', name)
    return Number(address.split('\n')[1])
  }
  const nodeAt = (/** @type {number} */ port) => nodes.find((node) => node.port === port)
  const primary = () =>
    until('a sentinel names the primary', async () => nodeAt(await portAt(/** @type {Sentinel} */ (sentinels[0]))))
  const setDownAfter = async (/** @type {number} */ downAfterMs) => {
    const command = ['SENTINEL', 'SET', name, 'down-after-milliseconds', String(downAfterMs)]
    for (const sentinel of sentinels) await sentinel.command(...command)
  }
  return {
    name,
    addresses: sentinels.map(({ port }) => ({ host: '127.0.0.1', port })),
    sentinels,
    nodes,
    primary,
    async replicas() {
      const current = await primary()
      return nodes.filter((node) => node !== current)
    },
    hasten: () => setDownAfter(impatientMs),
    async failover() {
      const old = await primary()
      await setDownAfter(impatientMs)
      await old.stop('SIGKILL')
      const promoted = await until('every sentinel names a new primary', async () => {
        const [port, ...others] = await Promise.all(sentinels.map(portAt))
        if (port === undefined || port === old.port || others.some((other) => other !== port)) return null
        const role = await sendCommand(port, ['ROLE'])
        return role.startsWith('master') ? nodeAt(port) : null
      })
      await setDownAfter(patientMs)
      return promoted
    },
  }
}

/** @param {number} primaryPort @returns {Promise<Sentinel>} */
async function startSentinel(primaryPort) {
  const folder = temporaryFolder('sentinel')
  const file = join(folder.path, 'sentinel.conf')
  // A sentinel rewrites this file, and so does not start without one.
  const lines = [
    'bind 127.0.0.1',
    `dir ${folder.path}`,
    `sentinel monitor ${name} 127.0.0.1 ${primaryPort} ${quorum}`,
    `sentinel down-after-milliseconds ${name} ${patientMs}`,
    `sentinel failover-timeout ${name} 2000`,
  ]
  const launch = (/** @type {number} */ port) => {
    writeFileSync(file, `${[`port ${port}`, ...lines].join('\n')}\n`)
    return launchRedis(['redis-server', file, '--sentinel'], folder.path)
  }
  const { port, server } = await launchOnFreePort(launch).catch((error) => {
    folder.remove()
    throw error
  })
  return {
    port,
    command: (...words) => sendCommand(port, words),
    async dispose() {
      await server.stop('SIGKILL')
      folder.remove()
    },
  }
}

/** @param {Sentinel} sentinel @param {number} replicas */
async function knowsAll(sentinel, replicas) {
  const lines = (await sentinel.command('SENTINEL', 'MASTER', name)).split('\n')
  const count = (/** @type {string} */ field) => Number(lines[lines.indexOf(field) + 1])
  return count('num-other-sentinels') === sentinelCount - 1 && count('num-slaves') === replicas
}
