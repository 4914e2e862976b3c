/**
 * A NATS server of one node, with JetStream.
 * @module
 */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { freePorts, startProcess, temporaryFolder } from './process.mjs'

/** @import { ServerProcess } from './process.mjs' */

/**
 * @typedef {object} NatsServer
 * @property {number} port
 * @property {string} url
 * @property {number} pid of the process that runs now, or ran last
 * @property {string} folder where it keeps its files
 * @property {(path: string) => Promise<any>} monitor asks it for one of its views: `/jsz?streams=true`
 * @property {ServerProcess['stop']} stop ends the process; its files stay
 * @property {() => Promise<void>} restart ends the process if it runs, and starts it on the same ports and files
 * @property {() => void} freeze lets it answer nothing, with its connections open
 * @property {() => void} thaw
 * @property {() => string} output what the process that runs now has printed
 * @property {() => Promise<void>} dispose ends it for good, and removes its files
 */

/**
 * @typedef {object} NatsOptions
 * @property {number} [port] default: a free one
 * @property {string} [folder] default: a temporary one, which `dispose` removes; a folder that is handed in stays
 * @property {boolean} [jetstream] default: true
 * @property {string} [configuration] more lines of the configuration file
 */

const attempts = 5
const monitorDeadlineMs = 1000

/**
 * Starts a server, and resolves when it takes clients.
 * @param {NatsOptions} [options]
 * @returns {Promise<NatsServer>}
 */
export async function startNats(options = {}) {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await startOnce(options)
    } catch (error) {
      if (attempt === attempts || !isPortTaken(error)) throw error
    }
  }
}

/** Whether a port that was free a moment ago no longer was. @param {unknown} error */
export function isPortTaken(error) {
  return /address already in use/i.test(String(error))
}

/** @param {NatsOptions} options @returns {Promise<NatsServer>} */
async function startOnce({ jetstream = true, configuration = '', ...options }) {
  const temporary = options.folder === undefined ? temporaryFolder('nats') : null
  const folder = options.folder ?? /** @type {{ path: string }} */ (temporary).path
  const [free, http] = /** @type {[number, number]} */ (await freePorts(2))
  const port = options.port ?? free
  const lines = [`listen: 127.0.0.1:${port}`, `http: 127.0.0.1:${http}`, configuration]
  if (jetstream) lines.push(`jetstream { store_dir: ${JSON.stringify(folder)} }`)
  const file = join(folder, 'nats.conf')
  writeFileSync(file, lines.join('\n'))
  const launch = () => startProcess(['nats-server', '-c', file], { ready: /Server is ready/, folder })
  let server = await launch().catch((error) => {
    temporary?.remove()
    throw error
  })
  return {
    port,
    url: `nats://127.0.0.1:${port}`,
    folder,
    get pid() {
      return server.pid
    },
    monitor: (path) => askMonitor(http, path),
    stop: (signal) => server.stop(signal),
    async restart() {
      await server.stop()
      server = await launch()
    },
    freeze: () => server.freeze(),
    thaw: () => server.thaw(),
    output: () => server.output(),
    async dispose() {
      await server.stop('SIGKILL')
      temporary?.remove()
    },
  }
}

/** A server that is frozen takes the connection, and says nothing. @param {number} port @param {string} path */
async function askMonitor(port, path) {
  const answer = await fetch(`http://127.0.0.1:${port}${path}`, { signal: AbortSignal.timeout(monitorDeadlineMs) })
  return answer.json()
}
