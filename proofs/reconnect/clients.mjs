/**
 * Clients that come back: node clients.mjs, with an IPC channel. Each has a token of its own, opens one WebSocket with our client, and when that
 * is closed, whyever, another.
 * @module
 */
import { WebSocket } from 'ws'
import { createTicketWebSocket, reconnectDelayMs } from 'wsticket/client'
import { origin } from '../load/client.mjs'
import { lightFetch } from './light-fetch.mjs'

/**
 * @typedef {object} Home
 * @property {string} node where WebSockets are opened from now on
 * @property {'spread' | 'none'} delay before a client comes back: what `reconnectDelayMs` says, or none
 *
 * @typedef {object} Crowd
 * @property {string} ticketUrl
 * @property {readonly string[]} tokens one for each client
 *
 * @typedef {object} Experience since the home was told
 * @property {number[]} askedAt when a ticket was wanted, in milliseconds since the epoch
 * @property {string[]} failures why attempts came to nothing
 */

const atOnce = 8
// All of them are on one machine, together with what they ask: where that falls behind, it is given the time.
const ticketTimeoutMs = 60_000
// A client that does not think of others waits that long where it was refused.
const thoughtlessPauseMs = 1000

/** A browser on the page of the application. */
class PageWebSocket extends WebSocket {
  /** @param {string} url @param {string[]} [protocols] */
  constructor(url, protocols) {
    super(url, protocols, { origin })
  }
}

/** @type {Home} */
let home = { node: '', delay: 'spread' }
/** @type {Experience} */
let experience = { askedAt: [], failures: [] }
/** How many are open, by the node. @type {Map<string, number>} */
const open = new Map()

process.on('message', (/** @type {{ home?: Home, crowd?: Crowd }} */ told) => {
  process.send?.({ open: open.get(home.node) ?? 0, experience: told.home === undefined ? null : experience })
  if (told.home !== undefined) {
    home = told.home
    experience = { askedAt: [], failures: [] }
  }
  if (told.crowd !== undefined) void openAll(told.crowd)
})
process.on('disconnect', () => process.exit())

/** A few at a time. @param {Crowd} crowd */
async function openAll({ ticketUrl, tokens }) {
  const waiting = [...tokens]
  const openInTurn = async () => {
    for (let token = waiting.pop(); token !== undefined; token = waiting.pop()) await openClient(ticketUrl, token)
  }
  await Promise.all(Array.from({ length: atOnce }, openInTurn))
}

/**
 * @param {string} ticketUrl @param {string} token
 * @returns {Promise<void>} when it is open for the first time
 */
function openClient(ticketUrl, token) {
  const credential = () => {
    experience.askedAt.push(performance.timeOrigin + performance.now())
    return token
  }
  const TicketWebSocket = createTicketWebSocket({
    ticketUrl,
    credential,
    ticketTimeoutMs,
    fetch: lightFetch,
    WebSocket: /** @type {any} */ (PageWebSocket),
  })
  return new Promise((resolve) => {
    /** @param {number} attempt */
    const connect = (attempt) => {
      const visit = follow(new TicketWebSocket(home.node), resolve)
      void visit.then(({ isOpened, retryAfterMs }) => {
        const next = isOpened ? 0 : attempt + 1
        setTimeout(connect, delayMs(next, retryAfterMs), next)
      })
    }
    connect(0)
  })
}

/** @param {number} attempt @param {number | null} retryAfterMs */
function delayMs(attempt, retryAfterMs) {
  if (home.delay === 'spread') return reconnectDelayMs({ attempt, retryAfterMs })
  return attempt === 0 ? 0 : thoughtlessPauseMs
}

/**
 * Counts a WebSocket while it is open, and resolves when it is closed.
 * @param {globalThis.WebSocket} socket @param {() => void} opened
 * @returns {Promise<{ isOpened: boolean, retryAfterMs: number | null }>}
 */
function follow(socket, opened) {
  const { node } = home
  const count = (/** @type {number} */ more) => open.set(node, (open.get(node) ?? 0) + more)
  let isOpened = false
  /** @type {number | null} */
  let retryAfterMs = null
  socket.onopen = () => {
    isOpened = true
    count(1)
    opened()
  }
  socket.onerror = (event) => {
    retryAfterMs = /** @type {any} */ (event).error?.retryAfterMs ?? null
  }
  return new Promise((resolve) => {
    socket.onclose = ({ code, reason }) => {
      if (isOpened) count(-1)
      else experience.failures.push(`${code} ${reason}`)
      resolve({ isOpened, retryAfterMs })
    }
  })
}
