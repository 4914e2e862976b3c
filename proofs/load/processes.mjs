/**
 * The processes of the proof, each asked over its IPC channel.
 * @module
 */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'

/** @import { ChildProcess } from 'node:child_process' */
/** @import { Footprint } from './probe.mjs' */

/**
 * @typedef {object} Running
 * @property {(question: unknown) => Promise<any>} ask
 * @property {() => Promise<string>} url where it listens, as it says on standard error
 * @property {(pattern: RegExp) => Promise<string>} said waits for something on standard error
 * @property {(signal: NodeJS.Signals) => void} tell
 * @property {Promise<number | null>} ended its exit code; null where a signal ended it
 * @property {() => Promise<void>} stop
 */

/** @type {Set<ChildProcess>} */
const running = new Set()
// Also where a proof breaks off.
process.once('exit', () => {
  for (const child of running) child.kill('SIGKILL')
})

/** @param {string} name @returns {string} */
export function pathOf(name) {
  return fileURLToPath(new URL(name, import.meta.url))
}

/**
 * @param {string} program @param {readonly string[]} args @param {readonly string[]} [nodeOptions]
 * @returns {Running}
 */
export function start(program, args, nodeOptions = []) {
  // The gateway takes each WSTICKET_ of the environment for an option, and refuses those that it does not know.
  const env = Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith('WSTICKET_')))
  const child = spawn(process.execPath, [...nodeOptions, program, ...args], {
    env,
    stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
  })
  running.add(child)
  child.once('exit', () => running.delete(child))
  const ended = once(child, 'exit')
  const failed = ended.then(([code, signal]) => {
    throw new Error(`${program} ended (${code ?? signal}): ${said}`)
  })
  failed.catch(() => {})
  let said = ''
  child.stderr.on('data', (/** @type {Buffer} */ chunk) => {
    said += chunk.toString()
  })
  return {
    ask(question) {
      const answer = once(child, 'message').then(([message]) => message)
      child.send(/** @type {any} */ (question))
      return Promise.race([answer, failed])
    },
    url: () => Promise.race([heard(child, /http:\/\/127\.0\.0\.1:\d+/, () => said), failed]),
    said: (pattern) => Promise.race([heard(child, pattern, () => said), failed]),
    tell: (signal) => child.kill(signal),
    ended: ended.then(([code]) => code),
    async stop() {
      child.kill('SIGKILL')
      await ended
    },
  }
}

/** @param {ChildProcess} child @param {RegExp} pattern @param {() => string} said @returns {Promise<string>} */
async function heard(child, pattern, said) {
  for (;;) {
    const found = pattern.exec(said())?.[0]
    if (found !== undefined) return found
    await once(/** @type {import('node:stream').Readable} */ (child.stderr), 'data')
  }
}

/** @param {Running} server started with the probe @returns {Promise<Footprint>} */
export async function footprintOf(server) {
  return (await server.ask('footprint')).footprint
}
