/**
 * One command to one Redis server, over a connection of its own: no client's retries, redirections or queues come between.
 * @module
 */
import { createConnection } from 'node:net'

const deadlineMs = 5_000

/**
 * The reply as text: numbers in digits, an array as its elements line by line, nil as nothing.
 * @param {number} port on 127.0.0.1
 * @param {readonly string[]} command
 * @returns {Promise<string>} rejects with the server's error as it is
 */
export function sendCommand(port, command) {
  return new Promise((resolve, reject) => {
    const socket = createConnection(port, '127.0.0.1')
    let received = ''
    socket.setEncoding('utf8')
    socket.setTimeout(deadlineMs, () => socket.destroy(new Error(`no reply to ${command[0]} in ${deadlineMs} ms`)))
    socket.on('error', reject)
    socket.on('close', () => reject(new Error(`the connection was closed before the reply to ${command[0]}`)))
    socket.on('data', (chunk) => {
      received += chunk
      const reply = readReply(Buffer.from(received), 0)
      if (reply === null) return
      if (reply.failed) reject(new Error(reply.text))
      else resolve(reply.text)
      socket.destroy()
    })
    const parts = command.map((part) => `$${Buffer.byteLength(part)}\r\n${part}\r\n`)
    socket.write(`*${command.length}\r\n${parts.join('')}`)
  })
}

/**
 * @typedef {object} Reply
 * @property {string} text
 * @property {boolean} failed
 * @property {number} end where the next one starts
 */

/** @param {Buffer} bytes @param {number} start @returns {Reply | null} null where it is not there in full */
function readReply(bytes, start) {
  const lineEnd = bytes.indexOf('\r\n', start)
  if (lineEnd === -1) return null
  const kind = String.fromCharCode(/** @type {number} */ (bytes[start]))
  const line = bytes.toString('utf8', start + 1, lineEnd)
  const end = lineEnd + 2
  if (kind === '*') return readArray(bytes, end, Number(line))
  if (kind !== '$') return { text: line, failed: kind === '-', end }
  const length = Number(line)
  if (length === -1) return { text: '', failed: false, end }
  if (bytes.length < end + length + 2) return null
  return { text: bytes.toString('utf8', end, end + length), failed: false, end: end + length + 2 }
}

/** @param {Buffer} bytes @param {number} start @param {number} length @returns {Reply | null} */
function readArray(bytes, start, length) {
  const texts = []
  let end = start
  for (let index = 0; index < length; index += 1) {
    const element = readReply(bytes, end)
    if (element === null) return null
    texts.push(element.text)
    end = element.end
  }
  return { text: texts.join('\n'), failed: false, end }
}
