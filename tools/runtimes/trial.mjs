/**
 * What the client does, in a few cases, with nothing but what every runtime of the web has.
 * @module
 */
import { createTicketWebSocket } from '../../packages/wsticket/dist/client/index.js'

/**
 * @typedef {object} Place
 * @property {string} ticketUrl
 * @property {string} socketUrl
 */

/** @param {Place} place @returns {Promise<string[]>} what is wrong */
export async function tryClient(place) {
  /** @type {string[]} */
  const wrong = []
  for (const [name, attempt] of Object.entries(cases)) {
    try {
      await attempt(place)
    } catch (error) {
      wrong.push(`${name}: ${error instanceof Error ? error.message : String(error)}`)
    }
  }
  return wrong
}

/** @type {{ [name: string]: (place: Place) => Promise<void> }} */
const cases = {
  async 'opens with a ticket and its key, and carries messages'({ ticketUrl, socketUrl }) {
    const socket = new (ticketClass(ticketUrl, 'good'))(`${socketUrl}/chat`, 'chat.v1')
    const greeting = untilIs(socket, 'message')
    socket.addEventListener('open', () => socket.send('hello'))
    equal((await greeting).data, 'you said hello')
    equal(socket.protocol, 'chat.v1')
    equal(socket.url, `${socketUrl}/chat`)
    socket.close(1000, 'enough')
    equal((await untilIs(socket, 'close')).code, 1000)
  },

  async 'closes with what the ticket endpoint says'({ ticketUrl, socketUrl }) {
    const socket = new (ticketClass(ticketUrl, 'bad'))(`${socketUrl}/chat`)
    const { code, reason } = await untilIs(socket, 'close')
    equal(`${code} ${reason}`, '4401 invalid_token')
  },

  async 'learns why its handshake failed'({ ticketUrl, socketUrl }) {
    const { reason, detail } = await untilIs(new (ticketClass(ticketUrl, 'good'))(`${socketUrl}/private`), 'close')
    equal(`${reason} ${detail?.reason} ${detail?.action}`, 'forbidden permission_denied stop')
  },

  async 'follows no redirect'({ ticketUrl, socketUrl }) {
    const socket = new (ticketClass(ticketUrl.replace('/tickets', '/elsewhere'), 'good'))(`${socketUrl}/chat`)
    equal((await untilIs(socket, 'close')).code, 1013)
  },

  async 'gives up a ticket that is not wanted any more'({ ticketUrl, socketUrl }) {
    const socket = new (ticketClass(ticketUrl, 'good'))(`${socketUrl}/chat`)
    socket.close()
    equal((await untilIs(socket, 'close')).code, 1006)
  },
}

/** A class of its own, with a breaker of its own. @param {string} ticketUrl @param {string} credential */
export function ticketClass(ticketUrl, credential) {
  return createTicketWebSocket({ ticketUrl, credential: () => credential })
}

/**
 * The next event of a type.
 * @param {WebSocket} socket @param {'open' | 'message' | 'close'} type
 * @returns {Promise<any>}
 */
export function untilIs(socket, type) {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error(`no ${type} within 10 s`)), 10_000)
    socket.addEventListener(type, (event) => {
      clearTimeout(timer)
      resolve(event)
    })
  })
}

/** @param {unknown} actual @param {unknown} expected */
function equal(actual, expected) {
  if (actual !== expected)
    throw new Error(`${JSON.stringify(expected)} was expected, and not ${JSON.stringify(actual)}`)
}
