/**
 * The engines that nodes share, each with a second way to it, which can be cut; a file has no such line.
 * @module
 */
import { join } from 'node:path'
import { startFaultProxy } from 'wsticket-engines/fault-proxy'
import { startNats } from 'wsticket-engines/nats'
import { startPostgres, unsynced } from 'wsticket-engines/postgres'
import { temporaryFolder } from 'wsticket-engines/process'
import { startRedis } from 'wsticket-engines/redis'

/**
 * @typedef {object} Shared
 * @property {string} url
 * @property {string} fragileUrl the same engine, over a line that can be cut, where there is one
 * @property {Line | null} line
 * @property {() => Promise<unknown>} stop
 *
 * @typedef {object} Line
 * @property {() => void} cut neither side hears anything any more, and no connection ends
 * @property {() => void} heal
 */

// A type of Node 20 does not have it.
const { getBuiltinModule } = /** @type {{ getBuiltinModule?: (name: string) => unknown }} */ (process)
const hasSqlite = getBuiltinModule?.('node:sqlite') !== undefined

/** @type {{ readonly [name: string]: () => Promise<Shared> }} */
export const engines = {
  redis: () => share('redis', startRedis()),
  postgres: () => share('postgres', startPostgres(unsynced)),
  nats: () => share('nats', startNats()),
  ...(hasSqlite ? { sqlite: shareFile } : {}),
}

/** @returns {Promise<Shared>} */
async function shareFile() {
  const { path, remove } = temporaryFolder('revocation')
  const url = `sqlite:${join(path, 'tickets.db')}`
  return { url, fragileUrl: url, line: null, stop: async () => remove() }
}

/**
 * @param {'redis' | 'postgres' | 'nats'} protocol
 * @param {Promise<{ readonly url: string, dispose(): unknown }>} starting
 * @returns {Promise<Shared>}
 */
async function share(protocol, starting) {
  const { url, dispose } = await starting
  const proxy = await startFaultProxy({ to: Number(new URL(url).port), protocol })
  const fragile = new URL(url)
  fragile.port = String(proxy.port)
  return {
    url,
    fragileUrl: fragile.href,
    line: { cut: () => proxy.hold(), heal: () => proxy.pass() },
    async stop() {
      await proxy.stop()
      await dispose()
    },
  }
}
