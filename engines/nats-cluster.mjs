/**
 * A NATS cluster of three servers, with JetStream.
 * @module
 */
import { isPortTaken, startNats } from './nats.mjs'
import { freePorts } from './process.mjs'
import { openTcpLink } from './tcp-link.mjs'
import { until } from './until.mjs'

/** @import { NatsServer } from './nats.mjs' */
/** @import { TcpLink } from './tcp-link.mjs' */

/** One of the servers. @typedef {NatsServer & { readonly name: string }} NatsNode */

/**
 * @typedef {object} NatsCluster
 * @property {readonly NatsNode[]} nodes
 * @property {readonly string[]} urls
 * @property {(stream: string) => Promise<NatsNode>} leaderOf the node that most of those who have the stream take for its leader
 * @property {(stream: string) => Promise<void>} settled resolves when the stream has a leader, and every replica has what it has
 * @property {(node: NatsNode) => void} isolate cuts the node off from the other two; its clients still reach it
 * @property {() => void} join mends every link
 * @property {() => Promise<void>} dispose
 */

const names = ['a', 'b', 'c']
const attempts = 5
const patienceMs = 30_000
const formingMs = 10_000
const notFormed = 'the servers are a cluster'

/**
 * Starts three servers, and resolves when they have a leader who knows them all.
 * @param {object} [options]
 * @param {boolean} [options.links] whether nodes can be isolated: then all that goes between them passes through this process.
 * Default: false
 * @returns {Promise<NatsCluster>}
 */
export async function startNatsCluster({ links = false } = {}) {
  for (let attempt = 1; ; attempt += 1) {
    /** @type {{ node: NatsNode | null, links: (TcpLink | null)[] }[]} */
    const members = names.map(() => ({ node: null, links: [] }))
    const dispose = async () => {
      for (const link of members.flatMap((member) => member.links)) link?.close()
      for (const { node } of members) await node?.dispose()
    }
    try {
      await startMembers(members, links)
      const nodes = /** @type {NatsNode[]} */ (members.map(({ node }) => node))
      await until(notFormed, () => isFormed(nodes), formingMs)
      return { ...describeCluster(nodes, members), dispose }
    } catch (error) {
      await dispose()
      // Some that start at the same moment never agree on a leader.
      if (attempt === attempts || !(isPortTaken(error) || String(error).includes(notFormed))) throw error
    }
  }
}

/** @param {{ node: NatsNode | null, links: (TcpLink | null)[] }[]} members @param {boolean} withLinks */
async function startMembers(members, withLinks) {
  const ports = await freePorts(names.length)
  for (const [from, member] of members.entries()) {
    for (const [to, port] of ports.entries())
      member.links.push(withLinks && to !== from ? await openTcpLink(port) : null)
  }
  const started = members.map(async (member, at) => {
    const routes = ports.map((port, to) => `nats-route://127.0.0.1:${member.links[to]?.port ?? port}`)
    routes.splice(at, 1)
    // A server that it is told of by another it would dial past the link: it is told of a port where nobody listens.
    const advertise = withLinks ? 'advertise: "127.0.0.1:1"' : ''
    const cluster = `cluster { name: tests, listen: "127.0.0.1:${ports[at]}", routes: ${JSON.stringify(routes)}, ${advertise} }`
    const node = await startNats({ configuration: `server_name: ${names[at]}\n${cluster}` })
    member.node = Object.assign(node, { name: /** @type {string} */ (names[at]) })
  })
  // All of them, so that those that did start are known when one did not.
  for (const outcome of await Promise.allSettled(started)) if (outcome.status === 'rejected') throw outcome.reason
}

/**
 * @param {NatsNode[]} nodes
 * @param {{ links: (TcpLink | null)[] }[]} members
 * @returns {Omit<NatsCluster, 'dispose'>}
 */
function describeCluster(nodes, members) {
  const details = async (/** @type {string} */ stream) => {
    const views = await Promise.all(nodes.map(async (node) => detailOf(await viewOf(node), stream)))
    return views.filter((detail) => detail !== null)
  }
  return {
    nodes,
    urls: nodes.map(({ url }) => url),
    leaderOf: (stream) =>
      until(`${stream} has a leader`, async () => {
        const leaders = (await details(stream)).map(({ cluster }) => cluster?.leader)
        return nodes.find(({ name }) => leaders.filter((leader) => leader === name).length > leaders.length / 2)
      }),
    async settled(stream) {
      await until(`${stream} is settled`, async () => isSettled(await details(stream), nodes.length), patienceMs)
    },
    isolate(node) {
      const at = nodes.indexOf(node)
      for (const { links } of members) links[at]?.cut()
      for (const link of /** @type {{ links: (TcpLink | null)[] }} */ (members[at]).links) link?.cut()
    },
    join() {
      for (const link of members.flatMap(({ links }) => links)) link?.mend()
    },
  }
}

/** What a node says of JetStream; null where it does not answer. @param {NatsNode} node @returns {Promise<any>} */
async function viewOf(node) {
  return node.monitor('/jsz?accounts=true&streams=true').catch(() => null)
}

/** @param {any} view @param {string} stream */
function detailOf(view, stream) {
  const streams = (view?.account_details ?? []).flatMap((/** @type {any} */ account) => account.stream_detail ?? [])
  return streams.find((/** @type {any} */ { name }) => name === stream) ?? null
}

/** @param {readonly NatsNode[]} nodes */
async function isFormed(nodes) {
  const metas = (await Promise.all(nodes.map(viewOf))).map((view) => view?.meta_cluster)
  const [first] = metas
  return metas.every((meta) => meta?.leader && meta.leader === first.leader && meta.cluster_size === nodes.length)
}

/** @param {any[]} details what each node says of the stream @param {number} count of nodes */
function isSettled(details, count) {
  const [first] = details
  return (
    details.length === count &&
    details.every(
      ({ cluster, state }) => cluster?.leader === first.cluster.leader && state.last_seq === first.state.last_seq,
    ) &&
    details.some(({ cluster }) =>
      cluster.replicas?.every((/** @type {any} */ replica) => replica.current && !replica.offline),
    )
  )
}
