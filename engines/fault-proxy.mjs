/**
 * A TCP proxy in front of an engine, and what can go wrong on the way: switched while it runs.
 *
 * It reads both directions message by message, so that it can lose the reply to one request, swap two replies, and tell how
 * often a request went over the line.
 * @module
 */
import { once } from 'node:events'
import { createConnection, createServer } from 'node:net'
import { setTimeout as pause } from 'node:timers/promises'
import { createLine } from './proxied-line.mjs'
import { framings } from './wire-framing.mjs'

/** @import { Faults, Line, Reply, ReplyFault } from './proxied-line.mjs' */

/**
 * @typedef {object} FaultProxy
 * @property {number} port
 * @property {(text: string) => number} requestsWith how many requests with this text have been handed on to the engine
 * @property {() => void} forget forgets the requests that it has seen: what follows is counted from none
 * @property {() => number} connections how many are open
 * @property {() => void} refuse from now on refuses new connections; those that are open stay
 * @property {() => Promise<void>} accept takes new connections again, on the same port
 * @property {() => void} cut resets every connection, on both sides
 * @property {(direction?: 'requests' | 'replies' | 'both') => void} hold black hole: takes connections and bytes, and hands on
 * nothing of this direction. What is held is handed on by `pass`
 * @property {() => void} strand a black hole for the connections that are open now, and for good; new ones are not concerned
 * @property {(delayMs: number) => void} delayReplies hands every reply on so much later
 * @property {() => void} pass hands everything on again, at once
 * @property {(text: string) => Promise<void>} loseReply hands on the next request with this text, waits for the reply, and
 * resets the connection in place of handing it on; resolves then
 * @property {(text: string, delayMs: number) => Promise<void>} delayReply hands the reply to the next request with this text on
 * so much later, and what comes after it on the same connection; resolves then
 * @property {(one: string, other: string) => Promise<void>} swapReplies gives each of the next two requests with these texts the
 * reply to the other; resolves then
 * @property {(periodMs: number) => () => Promise<void>} flap refuses and cuts for half of every period; ends when called
 * @property {() => Promise<void>} stop
 */

/**
 * Starts a proxy on a free port.
 * @param {object} options
 * @param {number} options.to port of the engine on 127.0.0.1
 * @param {keyof typeof framings} options.protocol
 * @returns {Promise<FaultProxy>}
 */
export async function startFaultProxy({ to, protocol }) {
  /** @type {Faults} */
  const faults = {
    framing: framings[protocol],
    requests: [],
    held: { requests: false, replies: false },
    delayMs: 0,
    replyFaults: [],
  }
  /** @type {Set<Line>} */
  const open = new Set()
  const server = createServer({ noDelay: true }, (client) => {
    const line = createLine(client, createConnection({ port: to, host: '127.0.0.1', noDelay: true }), faults)
    open.add(line)
    client.on('close', () => open.delete(line))
  })
  const port = await listen(server, 0)
  const refuse = () => void server.close()
  const accept = async () => {
    if (!server.listening) await listen(server, port)
  }
  const cut = () => {
    for (const line of open) line.reset()
  }
  return {
    port,
    requestsWith: (text) => faults.requests.filter((request) => request.includes(text)).length,
    forget: () => void faults.requests.splice(0),
    connections: () => open.size,
    refuse,
    accept,
    cut,
    ...createSwitches(faults, open),
    ...createReplyFaults(faults),
    flap: (periodMs) => flap(periodMs / 2, { refuse, accept, cut }),
    async stop() {
      refuse()
      cut()
    },
  }
}

/** @param {import('node:net').Server} server @param {number} port @returns {Promise<number>} the port, a free one for 0 */
async function listen(server, port) {
  await once(server.listen(port, '127.0.0.1'), 'listening')
  return /** @type {import('node:net').AddressInfo} */ (server.address()).port
}

/**
 * @param {Faults} faults
 * @param {ReadonlySet<Line>} open
 * @returns {Pick<FaultProxy, 'hold' | 'strand' | 'delayReplies' | 'pass'>}
 */
function createSwitches(faults, open) {
  const apply = () => {
    for (const line of open) line.apply()
  }
  return {
    hold(direction = 'both') {
      faults.held = { requests: direction !== 'replies', replies: direction !== 'requests' }
      apply()
    },
    strand() {
      for (const line of open) line.strand()
    },
    delayReplies(delayMs) {
      faults.delayMs = delayMs
    },
    pass() {
      faults.held = { requests: false, replies: false }
      faults.delayMs = 0
      apply()
    },
  }
}

/**
 * @param {Faults} faults
 * @returns {Pick<FaultProxy, 'loseReply' | 'delayReply' | 'swapReplies'>}
 */
function createReplyFaults({ framing, replyFaults }) {
  return {
    async loseReply(text) {
      const { line } = await intercept(replyFaults, text, 'first message')
      line.reset()
    },
    async delayReply(text, delayMs) {
      const { line, replies } = await intercept(replyFaults, text, 'whole')
      await pause(delayMs)
      for (const reply of replies) reply.withheld = false
      line.flush()
    },
    async swapReplies(one, other) {
      const found = await Promise.all([one, other].map((text) => intercept(replyFaults, text, 'whole')))
      const [first, second] = found.map(({ replies }) => Buffer.concat(replies.map(({ bytes }) => bytes)))
      const swapped = framing.swap(/** @type {Buffer} */ (first), /** @type {Buffer} */ (second))
      for (const [at, { line, replies }] of found.entries()) {
        for (const reply of replies) Object.assign(reply, { bytes: Buffer.alloc(0), withheld: false })
        Object.assign(/** @type {Reply} */ (replies[0]), { bytes: swapped[at] })
        line.flush()
      }
    },
  }
}

/**
 * Resolves with the reply to the next request with this text, which is withheld, and the line that it came on.
 * @param {ReplyFault[]} replyFaults
 * @param {string} text
 * @param {'first message' | 'whole'} part of the reply that is waited for
 * @returns {Promise<{ line: Line, replies: Reply[] }>}
 */
function intercept(replyFaults, text, part) {
  return new Promise((resolve) => {
    /** @type {Reply[]} */
    const replies = []
    /** @type {ReplyFault} */
    const fault = {
      text,
      line: null,
      request: null,
      onReply(reply) {
        reply.withheld = true
        replies.push(reply)
        if (part === 'whole' && !reply.ends) return
        replyFaults.splice(replyFaults.indexOf(fault), 1)
        resolve({ line: /** @type {Line} */ (fault.line), replies })
      },
    }
    replyFaults.push(fault)
  })
}

/**
 * @param {number} halfMs
 * @param {Pick<FaultProxy, 'refuse' | 'accept' | 'cut'>} proxy
 * @returns {() => Promise<void>} ends it, with the proxy accepting
 */
function flap(halfMs, { refuse, accept, cut }) {
  let down = false
  const turn = () => {
    down = !down
    if (!down) return void accept()
    refuse()
    cut()
  }
  turn()
  const timer = setInterval(turn, halfMs)
  return async () => {
    clearInterval(timer)
    await accept()
  }
}
