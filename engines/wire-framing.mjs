/**
 * How the bytes of a protocol divide into messages, and which reply belongs to which request: as much as the fault proxy needs
 * to lose one reply, or to swap two.
 * @module
 */

/**
 * @typedef {object} Message
 * @property {number} length in bytes
 * @property {boolean} ends whether it is the last message of its request, or of its reply
 * @property {string | null} [subject] where the reply goes or went, in a protocol that says so; null for none. Where it is left
 * out, replies come in the order of the requests
 */

/**
 * @typedef {object} Framing
 * @property {(bytes: Buffer, isFirst: boolean) => Message | null} request the first message; null where it is not there in full
 * @property {(bytes: Buffer) => Message | null} reply
 * @property {(one: Buffer, other: Buffer) => [Buffer, Buffer]} swap what the askers of one and other get instead
 */

/** @type {Framing['swap']} */
const swapWhole = (one, other) => [other, one]

/** A line is a request, and a line is its reply. @type {Framing} */
const lines = {
  request: (bytes) => wholeLine(bytes),
  reply: (bytes) => wholeLine(bytes),
  swap: swapWhole,
}

/** RESP2 and RESP3: a command is an array of bulk strings. A push (`>`) answers nothing. @type {Framing} */
const redis = {
  request: (bytes) => wholeValue(bytes),
  reply: (bytes) => wholeValue(bytes),
  swap: swapWhole,
}

const sync = 0x53 // S
const simpleQuery = 0x51 // Q
const readyForQuery = 0x5a // Z

/**
 * PostgreSQL: a request ends with Sync, its reply with ReadyForQuery. The first message of a connection has no type.
 * @type {Framing}
 */
const postgres = {
  request(bytes, isFirst) {
    if (isFirst) return whole(bytes, bytes.length < 4 ? Number.NaN : bytes.readInt32BE(0), true)
    return typedMessage(bytes, [sync, simpleQuery])
  },
  reply: (bytes) => typedMessage(bytes, [readyForQuery]),
  swap: swapWhole,
}

/**
 * NATS: replies find their request by a subject that nobody else has, so only what they say can be swapped.
 * @type {Framing}
 */
const nats = {
  request: (bytes) => natsMessage(bytes, { PUB: { subjectAt: 2, words: 4 }, HPUB: { subjectAt: 2, words: 5 } }),
  reply: (bytes) => natsMessage(bytes, { MSG: { subjectAt: 1, words: 0 }, HMSG: { subjectAt: 1, words: 0 } }),
  swap: (one, other) => [natsAddressed(one, other), natsAddressed(other, one)],
}

/** The framings by protocol. */
export const framings = { lines, redis, postgres, nats }

/** @param {Buffer} bytes @param {number} length @param {boolean} ends @returns {Message | null} */
function whole(bytes, length, ends) {
  return bytes.length >= length ? { length, ends } : null
}

/** @param {Buffer} bytes @returns {Message | null} */
function wholeLine(bytes) {
  const end = bytes.indexOf('\n')
  return end === -1 ? null : { length: end + 1, ends: true }
}

/** @param {Buffer} bytes @returns {Message | null} */
function wholeValue(bytes) {
  const end = endOfValue(bytes, 0)
  return end === null ? null : { length: end, ends: bytes[0] !== '>'.charCodeAt(0) }
}

// How many values follow a RESP value of this type, for each that it counts.
const valuesPerCount = /** @type {{ readonly [type: string]: number }} */ ({ '*': 1, '~': 1, '>': 1, '%': 2, '|': 2 })

/** @param {Buffer} bytes @param {number} start @returns {number | null} where a RESP value ends */
function endOfValue(bytes, start) {
  const lineEnd = bytes.indexOf('\r\n', start)
  if (lineEnd === -1) return null
  const type = bytes.toString('latin1', start, start + 1)
  const count = Number(bytes.toString('latin1', start + 1, lineEnd))
  let end = lineEnd + 2
  if ('$=!'.includes(type)) end += count < 0 ? 0 : count + 2
  for (let left = count * (valuesPerCount[type] ?? 0); left > 0; left -= 1) {
    const next = endOfValue(bytes, end)
    if (next === null) return null
    end = next
  }
  // The attributes (`|`) stand before the value that they are of.
  if (type === '|') return endOfValue(bytes, end)
  return end > bytes.length ? null : end
}

/** @param {Buffer} bytes @param {readonly number[]} last types that end a request or a reply @returns {Message | null} */
function typedMessage(bytes, last) {
  if (bytes.length < 5) return null
  return whole(bytes, 1 + bytes.readInt32BE(1), last.includes(/** @type {number} */ (bytes[0])))
}

/**
 * @param {Buffer} bytes
 * @param {{ readonly [verb: string]: { subjectAt: number, words: number } }} carriers the verbs that carry a payload: which word
 * is the subject, and how many words there are if it has one (0: it always has)
 * @returns {Message | null}
 */
function natsMessage(bytes, carriers) {
  const lineEnd = bytes.indexOf('\r\n')
  if (lineEnd === -1) return null
  const words = bytes.toString('latin1', 0, lineEnd).split(' ')
  const carrier = carriers[/** @type {string} */ (words[0]).toUpperCase()]
  if (carrier === undefined) return { length: lineEnd + 2, ends: true, subject: null }
  const length = lineEnd + 2 + Number(words.at(-1)) + 2
  const subject = carrier.words === 0 || words.length === carrier.words ? words[carrier.subjectAt] : null
  return bytes.length >= length ? { length, ends: true, subject: subject ?? null } : null
}

/** What one message says, to whom another was addressed. @param {Buffer} addressed @param {Buffer} saying @returns {Buffer} */
function natsAddressed(addressed, saying) {
  const address = addressed.toString('latin1', 0, addressed.indexOf('\r\n')).split(' ').slice(1, 3)
  const end = saying.indexOf('\r\n')
  const [verb, , , ...sizes] = saying.toString('latin1', 0, end).split(' ')
  return Buffer.concat([Buffer.from([verb, ...address, ...sizes].join(' '), 'latin1'), saying.subarray(end)])
}
