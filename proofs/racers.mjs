/**
 * The processes of a race, as the one that counts sees them.
 * @module
 */
import { fork } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'

/**
 * @typedef {object} RacerProcess
 * @property {(task: 'open' | 'issue' | 'race' | 'inspect' | 'sweep' | 'close', work?: unknown) => Promise<any>} ask
 * @property {() => Promise<void>} stop
 */

const program = fileURLToPath(new URL('./racer.mjs', import.meta.url))

/**
 * Starts a process of racers, and resolves when it listens.
 * @param {object} options
 * @param {string} options.subject
 * @param {unknown} options.address
 * @param {string} options.node
 * @returns {Promise<RacerProcess>}
 */
export async function startRacers({ subject, address, node }) {
  const child = fork(program, [subject, JSON.stringify(address)], { execPath: node })
  const ended = once(child, 'exit')
  /** @type {Map<number, (result: unknown) => void>} */
  const asked = new Map()
  let last = 0
  child.on('message', (/** @type {{ number: number, result: unknown }} */ answer) =>
    asked.get(answer.number)?.(answer.result),
  )
  const failed = ended.then(([code, signal]) => {
    throw new Error(`a process of racers on ${subject} ended (${code ?? signal})`)
  })
  failed.catch(() => {})
  const answerTo = (/** @type {number} */ at) =>
    Promise.race([new Promise((resolve) => asked.set(at, resolve)), failed])
  const ready = answerTo(0)
  await ready
  return {
    ask(task, work) {
      last += 1
      const number = last
      const answer = answerTo(number)
      child.send({ task, number, work })
      return answer.finally(() => asked.delete(number))
    },
    async stop() {
      // It may have ended by itself.
      if (child.connected) child.disconnect()
      await ended
    },
  }
}
