/**
 * What the heartbeats of the adapter for `ws` cost, in a process without sockets: a stand-in for each `WebSocket` has what the adapter asks
 * of one, and its client answers each ping at once. So the frames themselves, and what the system does for them, are not in it.
 * @module
 */
import { createWebSocketUpgrade } from 'wsticket/adapters/ws'
import { cpuOfWaiting, heapUsed, settle } from './measuring.mjs'

/** @typedef {{ beatBytes: number, lookUs: number }} Heartbeats */
/** @typedef {{ settleMs: number, beatMs: number }} Plan for how long to wait */

/**
 * The control are the same stand-ins without heartbeats.
 * @param {number} size how many clients, silent but for their pongs
 * @param {Plan} plan
 * @returns {Promise<Heartbeats>} bytes that are kept for each client, and CPU time of a look at one
 */
export async function measureHeartbeats(size, plan) {
  const without = await watch(size, null, plan)
  const { bytes, cpuUs, looks } = await watch(size, shortestMs, plan)
  if (looks === 0) throw new Error('there should be a look')
  return { beatBytes: (bytes - without.bytes) / size, lookUs: Math.max(0, cpuUs - without.cpuUs) / looks }
}

const shortestMs = 1000

/** @param {number} size @param {number | null} pingEveryMs @param {Plan} plan */
async function watch(size, pingEveryMs, { settleMs, beatMs }) {
  const clients = Array.from({ length: size }, createClient)
  // What went before may not be swept yet.
  await settle(settleMs)
  const emptyBytes = heapUsed()
  /** @type {any} */
  const server = { options: { maxPayload: 1, maxFragments: 1 }, shouldHandle: () => true, on() {}, emit() {} }
  server.handleUpgrade = (...[, socket, , upgraded]) => upgraded(socket.webSocket)
  const upgrade = createWebSocketUpgrade(/** @type {any} */ (admitEverybody), server, { pingEveryMs })
  for (const { request, socket } of clients) upgrade(request, socket, noBytes)
  await new Promise((resolve) => setImmediate(resolve))
  const bytes = heapUsed() - emptyBytes
  await settle(settleMs)
  const before = looksAt(clients)
  const cpuUs = await cpuOfWaiting(beatMs)
  const looks = looksAt(clients) - before
  for (const { webSocket } of clients) webSocket.closed()
  return { bytes, cpuUs, looks }
}

/** @param {readonly { webSocket: StandIn }[]} clients @returns {number} */
function looksAt(clients) {
  return clients.reduce((sum, { webSocket }) => sum + webSocket.looks, 0)
}

const noBytes = Buffer.alloc(0)
const decision = {
  kind: 'admitted',
  passage: { target: '/', rawHeaders: [] },
  fallbackProtocol: null,
  clearingCookie: null,
  attach: () => () => {},
  abandon: null,
}
const admitEverybody = { admit: async () => decision }

class StandIn {
  looks = 0
  closed = () => {}
  /** @param {{ bytesRead: number }} socket */
  constructor(socket) {
    this.socket = socket
  }

  // The adapter asks for it at each look.
  get readyState() {
    this.looks += 1
    return 1
  }

  ping() {
    this.socket.bytesRead += 6
  }

  on() {}

  once(_, listener) {
    this.closed = listener
  }
}

function createClient() {
  const socket = { bytesRead: 0, writableLength: 0, readable: true, writable: true, on() {}, webSocket: null }
  const webSocket = new StandIn(socket)
  const request = { method: 'GET', url: '/', httpVersion: '1.1', rawHeaders: [], headers: {}, socket: {} }
  return { webSocket, socket: Object.assign(socket, { webSocket }), request }
}
