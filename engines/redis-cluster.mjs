/**
 * A Redis Cluster: three primaries, each with a replica.
 * @module
 */
import { isInStep, startRedis } from './redis.mjs'
import { until } from './until.mjs'

/** @import { RedisServer } from './redis.mjs' */

/**
 * @typedef {object} RedisCluster
 * @property {readonly RedisServer[]} nodes
 * @property {readonly { readonly host: string, readonly port: number }[]} addresses
 * @property {(key: string) => Promise<number>} slotOf
 * @property {(key: string) => Promise<RedisServer>} nodeOf the primary that has the key's slot now
 * @property {() => Promise<RedisServer[]>} primaries those that run and have slots
 * @property {(primary: RedisServer) => Promise<RedisServer>} replicaOf
 * @property {(key: string) => Promise<RedisServer>} killPrimaryOf ends it as `kill -9` does, and resolves with it when its replica has taken over
 * @property {(slot: number, target: RedisServer) => Promise<SlotMigration>} beginMigration from here on, the source answers ASK for what it does not have
 * @property {(slot: number, target: RedisServer) => Promise<void>} migrateSlot from begin to end
 * @property {() => Promise<void>} settled resolves when every node that runs says that all is well
 * @property {() => Promise<void>} dispose
 */

/**
 * @typedef {object} SlotMigration
 * @property {RedisServer} source
 * @property {(count?: number) => Promise<number>} moveKeys moves some keys, by default all, and says how many
 * @property {() => Promise<void>} end gives the slot to the target: clients are told MOVED
 */

const slotCount = 16_384
const primaryCount = 3

// Longer than any machine stands still: nobody takes over from a node that only seems to be down. For twice as long nobody votes about
// the same primary again.
const patientMs = 60_000
const impatientMs = 1000

/**
 * Starts six nodes, and resolves when every one says that all is well and every replica has what its primary has.
 * @param {object} [options]
 * @param {readonly string[]} [options.arguments] more of `redis-server`, for each of the nodes
 * @returns {Promise<RedisCluster>}
 */
export async function startRedisCluster({ arguments: more = [] } = {}) {
  const cluster = ['--cluster-enabled', 'yes', '--cluster-node-timeout', String(patientMs)]
  /** @type {RedisServer[]} */
  const nodes = []
  const dispose = async () => void (await Promise.all(nodes.map((node) => node.dispose())))
  try {
    while (nodes.length < 2 * primaryCount) nodes.push(await startRedis({ arguments: [...cluster, ...more] }))
    // Nodes ask one another the more often, the sooner they count as down.
    await setNodeTimeout(nodes, impatientMs)
    await join(nodes)
    await setNodeTimeout(nodes, patientMs)
    return { ...describeCluster(nodes), dispose }
  } catch (error) {
    await dispose()
    throw error
  }
}

/** @param {RedisServer[]} nodes the first half become primaries */
async function join(nodes) {
  const [first, ...others] = /** @type {[RedisServer, ...RedisServer[]]} */ (nodes)
  const primaries = nodes.slice(0, primaryCount)
  for (const [index, primary] of primaries.entries()) {
    const [start, end] = [index, index + 1].map((part) => Math.floor((part * slotCount) / primaryCount))
    await primary.command('CLUSTER', 'ADDSLOTSRANGE', String(start), String(Number(end) - 1))
    await primary.command('CLUSTER', 'SET-CONFIG-EPOCH', String(index + 1))
  }
  for (const other of others) await other.command('CLUSTER', 'MEET', '127.0.0.1', String(first.port))
  await eachHas(nodes, 'the nodes have met', async (node) => (await views(node)).length === nodes.length)
  for (const [index, replica] of nodes.slice(primaryCount).entries()) {
    await replica.command('CLUSTER', 'REPLICATE', await idOf(/** @type {RedisServer} */ (primaries[index])))
  }
  await eachHas(nodes.slice(primaryCount), 'the replicas are in step', isInStep)
  await eachHas(nodes, 'the cluster is well', (node) => isWell(node, primaryCount))
}

/** @param {RedisServer[]} nodes @returns {Omit<RedisCluster, 'dispose'>} */
function describeCluster(nodes) {
  const { running, slotOf, ownerOf } = createSlotTable(nodes)
  const nodeOf = async (/** @type {string} */ key) => ownerOf(await slotOf(key))
  const settled = async () => eachHas(await running(), 'the cluster is well', (node) => isWell(node))
  const beginMigration = async (/** @type {number} */ slot, /** @type {RedisServer} */ target) =>
    createMigration({ slot, source: await ownerOf(slot), target, others: await running() })
  return {
    nodes,
    addresses: nodes.map(({ port }) => ({ host: '127.0.0.1', port })),
    slotOf,
    nodeOf,
    settled,
    async primaries() {
      const found = await running()
      const own = await Promise.all(found.map(ownView))
      return found.filter((_, index) => /** @type {View} */ (own[index]).slots.length > 0)
    },
    async replicaOf(primary) {
      const id = await idOf(primary)
      return until('the primary has a replica', async () => {
        const view = (await views(primary)).find((other) => other.primaryId === id && other.linked)
        return nodes.find(({ port }) => port === view?.port)
      })
    },
    killPrimaryOf: createKilling({ running, nodeOf, settled }),
    beginMigration,
    async migrateSlot(slot, target) {
      const migration = await beginMigration(slot, target)
      await migration.moveKeys()
      await migration.end()
    },
  }
}

/** @param {RedisServer[]} nodes */
function createSlotTable(nodes) {
  const running = async () => {
    const answers = await Promise.all(nodes.map((node) => node.command('PING').catch(() => null)))
    return nodes.filter((_, index) => answers[index] === 'PONG')
  }
  return {
    running,
    /** @param {string} key */
    async slotOf(key) {
      const [node] = /** @type {[RedisServer]} */ (await running())
      return Number(await node.command('CLUSTER', 'KEYSLOT', key))
    },
    /** @param {number} slot */
    ownerOf: (slot) =>
      until(`slot ${slot} has an owner`, async () => {
        for (const node of await running()) if (owns(await ownView(node), slot)) return node
        return null
      }),
  }
}

/**
 * @param {{ slot: number, source: RedisServer, target: RedisServer, others: RedisServer[] }} options
 * @returns {Promise<SlotMigration>}
 */
async function createMigration({ slot, source, target, others }) {
  const [sourceId, targetId] = [await idOf(source), await idOf(target)]
  await target.command('CLUSTER', 'SETSLOT', String(slot), 'IMPORTING', sourceId)
  await source.command('CLUSTER', 'SETSLOT', String(slot), 'MIGRATING', targetId)
  return {
    source,
    async moveKeys(count = 1_000_000) {
      const keys = (await source.command('CLUSTER', 'GETKEYSINSLOT', String(slot), String(count))).split('\n')
      const names = keys.filter((key) => key !== '')
      if (names.length > 0)
        await source.command('MIGRATE', '127.0.0.1', String(target.port), '', '0', '5000', 'KEYS', ...names)
      return names.length
    },
    async end() {
      // The target first: else a client may be sent in circles by two nodes that both say it is the other's.
      for (const node of [target, source, ...others.filter((other) => other !== target && other !== source)])
        await node.command('CLUSTER', 'SETSLOT', String(slot), 'NODE', targetId).catch(ignoreReplica)
      await eachHas(others, 'every node knows the new owner', async (node) =>
        (await views(node)).some((view) => view.port === target.port && owns(view, slot)),
      )
    },
  }
}

/**
 * @param {Pick<RedisCluster, 'nodeOf' | 'settled'> & { running: () => Promise<RedisServer[]> }} cluster
 * @returns {RedisCluster['killPrimaryOf']}
 */
function createKilling({ running, nodeOf, settled }) {
  return async (key) => {
    const old = await nodeOf(key)
    await setNodeTimeout(await running(), impatientMs)
    await old.stop('SIGKILL')
    await until('a replica has taken over', async () => (await nodeOf(key)) !== old)
    await settled()
    await setNodeTimeout(await running(), patientMs)
    return old
  }
}

/** @param {readonly RedisServer[]} nodes @param {number} timeoutMs */
async function setNodeTimeout(nodes, timeoutMs) {
  for (const node of nodes) await node.command('CONFIG', 'SET', 'cluster-node-timeout', String(timeoutMs))
}

/** Only primaries are told of a slot; replicas learn it. @param {Error} error */
function ignoreReplica(error) {
  if (!/only with masters|SETSLOT only/.test(error.message)) throw error
}

/**
 * What a node says of another, or of itself.
 * @typedef {object} View
 * @property {string} id
 * @property {number} port
 * @property {boolean} self
 * @property {boolean} linked it is up, and follows or is followed
 * @property {string | null} primaryId of a replica
 * @property {[number, number][]} slots
 */

/** @param {RedisServer} node @returns {Promise<View[]>} */
async function views(node) {
  const lines = (await node.command('CLUSTER', 'NODES')).split('\n').filter((line) => line !== '')
  return lines.map((line) => {
    const [id = '', address = '', flags = '', primaryId = '-', , , , link = '', ...slots] = line.split(' ')
    return {
      id,
      port: Number(/:(\d+)/.exec(address)?.[1]),
      self: flags.includes('myself'),
      linked: (link === 'connected' || flags.includes('myself')) && !flags.includes('fail'),
      primaryId: primaryId === '-' ? null : primaryId,
      slots: slots.filter((range) => /^[0-9-]+$/.test(range)).map(rangeOf),
    }
  })
}

/** @param {string} text `5` or `5-10` @returns {[number, number]} */
function rangeOf(text) {
  const [start, end = start] = text.split('-').map(Number)
  return [Number(start), Number(end)]
}

/** @param {RedisServer} node */
async function ownView(node) {
  return /** @type {View} */ ((await views(node)).find(({ self }) => self))
}

/** @param {View} view @param {number} slot */
function owns({ slots }, slot) {
  return slots.some(([start, end]) => start <= slot && slot <= end)
}

/** @param {RedisServer} node */
async function idOf(node) {
  return node.command('CLUSTER', 'MYID')
}

/**
 * @param {RedisServer} node
 * @param {number} [replicas] how many it must know, at least
 */
async function isWell(node, replicas = 0) {
  const info = await node.command('CLUSTER', 'INFO')
  const known = (await views(node)).filter(({ primaryId, linked }) => primaryId !== null && linked)
  return info.includes('cluster_state:ok') && known.length >= replicas
}

/** @param {RedisServer[]} nodes @param {string} what @param {(node: RedisServer) => Promise<boolean>} condition */
async function eachHas(nodes, what, condition) {
  await until(what, async () => (await Promise.all(nodes.map(condition))).every(Boolean))
}
