/**
 * What is attacked: a server that is made with the library, the gateway in front of an upstream, and a server without wsticket.
 * @module
 */
import { audience, origin } from './client.mjs'
import { tokenAudience } from './issuer.mjs'
import { pathOf, start } from './processes.mjs'

/** @import { Running } from './processes.mjs' */

/**
 * @typedef {object} Attacked
 * @property {Running} server
 * @property {number} port
 * @property {() => Promise<void>} stop
 *
 * @typedef {(issuer: string, sessionLifetimeMs: number, more?: readonly string[]) => Promise<Attacked>} Form
 */

const probed = ['--expose-gc', '--import', pathOf('./probe.mjs')]

/** @type {{ readonly [name: string]: Form }} */
export const forms = {
  library: (issuer, sessionLifetimeMs) => startAlone('./server.mjs', issuer, sessionLifetimeMs),
  async gateway(issuer, sessionLifetimeMs, more = []) {
    const upstream = start(pathOf('./echo.mjs'), [])
    const options = {
      listen: '127.0.0.1:0',
      issuer,
      'token-audience': tokenAudience,
      audience,
      origin,
      upstream: (await upstream.url()).replace('http', 'ws'),
      'session-lifetime-ms': String(sessionLifetimeMs),
      'tickets-per-subject': 'unlimited',
      'sessions-per-subject': 'unlimited',
      'ticket-rate-per-subject': 'unlimited',
      'ticket-rate-per-address': 'unlimited',
      'handshake-rate-per-address': 'unlimited',
    }
    const flags = Object.entries(options).flatMap(([name, value]) => [`--${name}`, value])
    const server = start(pathOf('../../packages/gateway/dist/main.js'), ['serve', ...flags, ...more], probed)
    const stop = async () => {
      await server.stop()
      await upstream.stop()
    }
    return { server, port: portOf(await server.url()), stop }
  },
}

/** The control. @type {Form} */
export const bare = (issuer, sessionLifetimeMs) => startAlone('./bare.mjs', issuer, sessionLifetimeMs)

/** @param {string} program @param {string} issuer @param {number} sessionLifetimeMs @returns {Promise<Attacked>} */
async function startAlone(program, issuer, sessionLifetimeMs) {
  const server = start(pathOf(program), [issuer, String(sessionLifetimeMs)], probed)
  return { server, port: portOf(await server.url()), stop: server.stop }
}

/** @param {string} url */
function portOf(url) {
  return Number(new URL(url).port)
}
