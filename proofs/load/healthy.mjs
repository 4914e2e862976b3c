/**
 * Healthy clients: node healthy.mjs PORT TOKEN, with an IPC channel. Each trades its token for a ticket, opens a WebSocket, sends a
 * message, waits for it to come back, and closes, ten times a second; asked, it tells how long that took since it was asked last.
 * @module
 */
import { connect } from 'node:net'
import { askForTicket, frameOf, handshakeOf } from './client.mjs'

/**
 * @typedef {object} Experience
 * @property {number[]} tookMs each ticket, opening and echo together
 * @property {string[]} failures
 */

const [port = '', token = ''] = process.argv.slice(2)
const clients = 5
const periodMs = 100
const patienceMs = 15_000
const message = frameOf(0x82, 20)
const closing = frameOf(0x88, 0)

/** @type {Experience} */
let experience = { tookMs: [], failures: [] }

process.on('message', () => {
  process.send?.({ experience })
  experience = { tookMs: [], failures: [] }
})
process.on('disconnect', () => process.exit())
for (let client = 0; client < clients; client++) setTimeout(() => void visitAgain(), (client / clients) * periodMs)

async function visitAgain() {
  const startedAt = performance.now()
  try {
    await visit()
    experience.tookMs.push(performance.now() - startedAt)
  } catch (error) {
    experience.failures.push(/** @type {Error} */ (error).message)
  }
  setTimeout(() => void visitAgain(), Math.max(0, periodMs - (performance.now() - startedAt)))
}

async function visit() {
  const ticket = await askForTicket(Number(port), token)
  await new Promise((resolve, reject) => {
    const socket = connect({ port: Number(port), host: '127.0.0.1', noDelay: true })
    let heard = Buffer.alloc(0)
    socket.setTimeout(patienceMs, () => socket.destroy(new Error('a healthy client heard nothing')))
    socket.write(handshakeOf(ticket))
    socket.on('data', (chunk) => {
      const opened = heard.includes('\r\n\r\n')
      heard = Buffer.concat([heard, chunk])
      const headEndsAt = heard.indexOf('\r\n\r\n')
      if (!opened && headEndsAt > 0) socket.write(message)
      // The frame of a server has two bytes before the message.
      if (headEndsAt < 0 || heard.length < headEndsAt + 4 + 2 + 20) return
      if (heard.subarray(9, 12).toString() !== '101') reject(new Error('a healthy client was refused'))
      resolve(null)
      socket.end(closing)
    })
    socket.on('error', reject)
    socket.on('close', () => reject(new Error('a healthy client was cut off')))
  })
}
