/**
 * A Redis server of one node. It keeps nothing on disk unless it is told to.
 * @module
 */
import { freePorts, startProcess, temporaryFolder } from './process.mjs'
import { sendCommand } from './redis-command.mjs'
import { until } from './until.mjs'

/** @import { ServerProcess } from './process.mjs' */

/**
 * @typedef {object} RedisServer
 * @property {number} port
 * @property {string} url
 * @property {number} pid of the process that runs now, or ran last
 * @property {string} folder where it keeps its files
 * @property {(...command: string[]) => Promise<string>} command sends one to this node, and resolves with the reply as text
 * @property {ServerProcess['stop']} stop ends the process; its files stay
 * @property {() => Promise<void>} restart ends the process if it runs, and starts it on the same port and files
 * @property {() => void} freeze lets it answer nothing, with its connections open
 * @property {() => void} thaw
 * @property {() => string} output what the process that runs now has printed
 * @property {() => Promise<void>} dispose ends it for good, and removes its files
 */

/**
 * @typedef {object} RedisOptions
 * @property {number} [port] default: a free one
 * @property {string} [folder] default: a temporary one, which `dispose` removes; a folder that is handed in stays
 * @property {readonly string[]} [arguments] more of `redis-server`: `['--appendonly', 'yes']`. The last one counts
 * @property {number} [replicaOf] port of its primary; ready when the link is up
 */

const defaults = ['--bind', '127.0.0.1', '--save', '', '--appendonly', 'no', '--enable-debug-command', 'yes']
const defaultsOfReplication = ['--repl-diskless-sync', 'yes', '--repl-diskless-sync-delay', '0']
const attempts = 5

/**
 * Starts a server, and resolves when it takes commands.
 * @param {RedisOptions} [options]
 * @returns {Promise<RedisServer>}
 */
export async function startRedis(options = {}) {
  const { arguments: more = [], replicaOf } = options
  const temporary = options.folder === undefined ? temporaryFolder('redis') : null
  const folder = options.folder ?? /** @type {{ path: string }} */ (temporary).path
  const replication = replicaOf === undefined ? [] : ['--replicaof', `127.0.0.1 ${replicaOf}`]
  const command = ['redis-server', ...defaults, ...defaultsOfReplication, '--dir', folder, ...replication, ...more]
  const launch = (/** @type {number} */ at) => launchRedis([...command, '--port', String(at)], folder)
  let { port, server } = await launchOnFreePort(launch, options.port).catch((error) => {
    temporary?.remove()
    throw error
  })
  const node = {
    port,
    url: `redis://127.0.0.1:${port}`,
    folder,
    get pid() {
      return server.pid
    },
    command: (/** @type {string[]} */ ...words) => sendCommand(port, words),
    stop: /** @type {ServerProcess['stop']} */ ((signal) => server.stop(signal)),
    async restart() {
      await server.stop()
      server = await launch(port)
    },
    freeze: () => server.freeze(),
    thaw: () => server.thaw(),
    output: () => server.output(),
    async dispose() {
      await server.stop('SIGKILL')
      temporary?.remove()
    },
  }
  if (replicaOf === undefined) return node
  await until('the replica is in step', () => isInStep(node)).catch(async (error) => {
    await node.dispose()
    throw error
  })
  return node
}

/**
 * Whether a replica has what its primary had, and follows it.
 * @param {Pick<RedisServer, 'command'>} node
 * @returns {Promise<boolean>}
 */
export async function isInStep(node) {
  const replication = await node.command('INFO', 'replication')
  return /master_link_status:up/.test(replication) && /master_sync_in_progress:0/.test(replication)
}

/** @param {readonly string[]} command @param {string} folder @returns {Promise<ServerProcess>} */
export function launchRedis(command, folder) {
  return startProcess(command, { ready: /Ready to accept connections|Sentinel ID is/, folder })
}

/**
 * Starts something on a port that was free a moment ago, and may not be any more.
 * @template Server
 * @param {(port: number) => Promise<Server>} launch
 * @param {number} [port]
 * @returns {Promise<{ port: number, server: Server }>}
 */
export async function launchOnFreePort(launch, port) {
  if (port !== undefined) return { port, server: await launch(port) }
  for (let attempt = 1; ; attempt += 1) {
    const [free] = /** @type {[number]} */ (await freePorts(1))
    try {
      return { port: free, server: await launch(free) }
    } catch (error) {
      if (attempt === attempts || !/Address already in use/.test(String(error))) throw error
    }
  }
}
