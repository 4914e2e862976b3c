/**
 * One connection through the fault proxy, and what goes wrong on it.
 * @module
 */

/** @import { Framing, Message } from './wire-framing.mjs' */
/** @import { Socket } from 'node:net' */

/**
 * One connection of a client, and the one to the engine that goes with it.
 * @typedef {object} Line
 * @property {() => void} reset
 * @property {() => void} flush hands on what may be handed on
 * @property {() => void} apply looks again at what is held and delayed
 * @property {() => void} strand holds this line for good, whatever is held or not
 */

/**
 * Names a request on its line: its number, or the subject on which its reply is awaited.
 * @typedef {number | string} RequestName
 */

/**
 * A fault that waits for the reply to one request.
 * @typedef {object} ReplyFault
 * @property {string} text of the request
 * @property {Line | null} line where the request went
 * @property {RequestName | null} request which one it was on its line
 * @property {(reply: Reply) => void} onReply called for each message of the reply, in place of handing it on
 */

/** A message of a reply, on its way. @typedef {{ bytes: Buffer, dueAt: number, withheld: boolean, ends: boolean }} Reply */

/**
 * What goes wrong now.
 * @typedef {object} Faults
 * @property {Framing} framing
 * @property {Buffer[]} requests that were handed on
 * @property {{ requests: boolean, replies: boolean }} held
 * @property {number} delayMs
 * @property {ReplyFault[]} replyFaults
 */

/**
 * @param {Socket} client
 * @param {Socket} engine
 * @param {Faults} faults
 * @returns {Line}
 */
export function createLine(client, engine, faults) {
  const outbox = createOutbox(client)
  let stranded = false
  const line = {
    reset() {
      client.resetAndDestroy()
      engine.resetAndDestroy()
    },
    flush: outbox.flush,
    apply() {
      holdBack(client, stranded || faults.held.requests)
      holdBack(engine, stranded || faults.held.replies)
      if (faults.delayMs === 0) outbox.hurry()
    },
    strand() {
      stranded = true
      line.apply()
    },
  }
  readRequests(client, faults, (bytes, request) => {
    const fault = faults.replyFaults.find(({ text, line: taken }) => taken === null && bytes.includes(text))
    if (fault !== undefined && request !== null) Object.assign(fault, { line, request })
    faults.requests.push(bytes)
    engine.write(bytes)
  })
  readReplies(engine, faults, (reply, request) => {
    const fault = faults.replyFaults.find((waiting) => waiting.line === line && waiting.request === request)
    fault?.onReply(reply)
    outbox.put(reply)
  })
  client.on('close', () => engine.destroy())
  engine.on('close', (failed) => (failed ? client.resetAndDestroy() : client.end()))
  for (const socket of [client, engine]) socket.on('error', () => {})
  line.apply()
  return line
}

/** @param {Socket} socket @param {boolean} held */
function holdBack(socket, held) {
  if (held) socket.pause()
  else socket.resume()
}

/**
 * What is on its way to a client, in order.
 * @param {Socket} client
 */
function createOutbox(client) {
  /** @type {Reply[]} */
  const replies = []
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  let timer
  const flush = () => {
    clearTimeout(timer)
    for (let next = replies[0]; next !== undefined && !next.withheld; next = replies[0]) {
      const leftMs = next.dueAt - performance.now()
      if (leftMs > 0) {
        timer = setTimeout(flush, leftMs)
        return
      }
      client.write(next.bytes)
      replies.shift()
    }
  }
  client.on('close', () => clearTimeout(timer))
  return {
    flush,
    /** @param {Reply} reply */
    put(reply) {
      replies.push(reply)
      flush()
    },
    /** Hands on at once what was delayed. */
    hurry() {
      for (const reply of replies) reply.dueAt = 0
      flush()
    },
  }
}

/**
 * @param {Socket} client
 * @param {Faults} faults
 * @param {(bytes: Buffer, request: RequestName | null) => void} onMessage is told which request the message is of
 */
function readRequests(client, { framing }, onMessage) {
  let isFirst = true
  let ended = 0
  const first = (/** @type {Buffer} */ bytes) => framing.request(bytes, isFirst)
  readMessages(client, first, (bytes, { ends, subject }) => {
    isFirst = false
    onMessage(bytes, subject === undefined ? ended : subject)
    if (ends) ended += 1
  })
}

/**
 * @param {Socket} engine
 * @param {Faults} faults
 * @param {(reply: Reply, request: RequestName | null) => void} onMessage is told which request the message answers
 */
function readReplies(engine, faults, onMessage) {
  let ended = 0
  readMessages(engine, faults.framing.reply, (bytes, { ends, subject }) => {
    const reply = { bytes, dueAt: performance.now() + faults.delayMs, withheld: false, ends }
    onMessage(reply, subject === undefined ? ended : subject)
    if (ends) ended += 1
  })
}

/**
 * @param {Socket} socket
 * @param {(bytes: Buffer) => Message | null} first
 * @param {(bytes: Buffer, message: Message) => void} onMessage
 */
function readMessages(socket, first, onMessage) {
  let received = Buffer.alloc(0)
  socket.on('data', (chunk) => {
    received = Buffer.concat([received, chunk])
    for (let message = first(received); message !== null; message = first(received)) {
      onMessage(received.subarray(0, message.length), message)
      received = received.subarray(message.length)
    }
  })
}
