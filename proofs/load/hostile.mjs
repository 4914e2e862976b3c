/**
 * The hostile clients: node hostile.mjs, with an IPC channel. Told `attack`, it keeps as many hostile sockets open as it is told
 * to, opening others for those that the server ends; told `cease`, it opens no more, and says when the last one is gone.
 * @module
 */
import { connect } from 'node:net'
import { setPriority } from 'node:os'
import { burden, ways } from './hostile-socket.mjs'

/**
 * @typedef {object} Attack
 * @property {number} port
 * @property {string} token
 * @property {number} sockets
 * @property {number} rampMs over which they are opened
 * @property {boolean} flood whether those attack that flood, or the others
 *
 * @typedef {object} Fate of the sockets of one way
 * @property {number} opened
 * @property {number} ended by the server
 * @property {number} open
 * @property {number[]} heldMs how long each was borne with
 */

const attemptPauseMs = 1000
// Elsewhere they have machines of their own: here they leave the processors to whom they attack.
const priority = 19
setPriority(priority)

/** @type {{ [way: string]: Fate }} */
const fates = Object.fromEntries(Object.keys(ways).map((name) => [name, { opened: 0, ended: 0, open: 0, heldMs: [] }]))
let ceased = false

process.on('message', (/** @type {{ attack?: Attack, cease?: true, fates?: true }} */ task) => {
  if (task.attack) launch(task.attack)
  if (task.cease) ceased = true
  process.send?.({ fates })
})
process.on('disconnect', () => process.exit())

/** @param {Attack} attack */
function launch(attack) {
  ceased = false
  const chosen = Object.entries(ways).filter(([, { flood = false }]) => flood === attack.flood)
  for (const [name, { share }] of chosen) {
    const count = Math.max(1, Math.round(attack.sockets * share))
    for (let at = 0; at < count; at++) setTimeout(() => open(name, attack), (at / count) * attack.rampMs)
  }
}

/** @param {string} name @param {Attack} attack */
function open(name, attack) {
  if (ceased) return
  const way = /** @type {import('./hostile-socket.mjs').Way} */ (ways[name])
  const fate = /** @type {Fate} */ (fates[name])
  const socket = connect(attack.port, '127.0.0.1')
  let connectedAt = 0
  socket.on('error', () => {})
  socket.once('connect', () => {
    connectedAt = performance.now()
    fate.opened += 1
    fate.open += 1
    burden(socket, way, attack).catch(() => socket.destroy())
  })
  socket.once('close', () => {
    if (connectedAt > 0) {
      fate.open -= 1
      fate.ended += 1
      fate.heldMs.push(performance.now() - connectedAt)
    }
    setTimeout(() => open(name, attack), attemptPauseMs)
  })
}
