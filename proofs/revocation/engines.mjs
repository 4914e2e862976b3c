/**
 * The engines that nodes share, each with a second way to it, which can be cut.
 * @module
 */
import { startFaultProxy } from 'wsticket-engines/fault-proxy'
import { startNats } from 'wsticket-engines/nats'
import { startPostgres, unsynced } from 'wsticket-engines/postgres'
import { startRedis } from 'wsticket-engines/redis'

/**
 * @typedef {object} Shared
 * @property {string} url
 * @property {string} fragileUrl the same engine, over a line that `cut` cuts
 * @property {() => void} cut neither side hears anything any more, and no connection ends
 * @property {() => void} heal
 * @property {() => Promise<unknown>} stop
 */

/** @type {{ readonly [name: string]: () => Promise<Shared> }} */
export const engines = {
  redis: () => share('redis', startRedis()),
  postgres: () => share('postgres', startPostgres(unsynced)),
  nats: () => share('nats', startNats()),
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
    cut: () => proxy.hold(),
    heal: () => proxy.pass(),
    async stop() {
      await proxy.stop()
      await dispose()
    },
  }
}
