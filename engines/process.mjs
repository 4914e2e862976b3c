/**
 * A server of somebody else's, as a child process: it listens on 127.0.0.1 on free ports, keeps its files in a temporary
 * folder, and dies with its parent, however that dies.
 * @module
 */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { chmodSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/**
 * @typedef {object} ServerProcess
 * @property {number} pid
 * @property {() => string} output what it has printed so far
 * @property {(signal?: NodeJS.Signals) => Promise<void>} stop ends it, by default with SIGTERM and then SIGKILL, and waits until it has ended
 * @property {() => void} freeze lets it answer nothing, with its connections open (SIGSTOP)
 * @property {() => void} thaw
 */

const readyDeadlineMs = 20_000
const stopDeadlineMs = 5_000

/**
 * Starts a server, and resolves when it has said that it is ready.
 * @param {readonly string[]} command
 * @param {object} options
 * @param {RegExp} options.ready what it prints then
 * @param {string} [options.user] who runs it, where it refuses root
 * @param {string} [options.folder] where it runs
 * @param {Record<string, string>} [options.environment]
 * @returns {Promise<ServerProcess>}
 */
export async function startProcess(command, { ready, user, folder = tmpdir(), environment = {} }) {
  const asUser = user === undefined ? [] : ['--reuid', user, '--regid', user, '--init-groups']
  const child = spawn('setpriv', ['--pdeathsig', 'SIGKILL', ...asUser, ...command], {
    cwd: folder,
    env: { ...process.env, ...environment },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let output = ''
  const ended = once(child, 'exit')
  const isReady = new Promise((resolve, reject) => {
    const fail = (/** @type {string} */ why) => reject(new Error(`${command[0]} ${why}:\n${output.slice(-2000)}`))
    const timer = setTimeout(() => fail('was not ready in time'), readyDeadlineMs)
    for (const stream of [child.stdout, child.stderr]) {
      stream.on('data', (chunk) => {
        output += chunk
        if (ready.test(output)) resolve(clearTimeout(timer))
      })
    }
    ended.then(() => fail('ended'), reject)
  })
  const stop = async (/** @type {NodeJS.Signals} */ signal = 'SIGTERM') => {
    child.kill('SIGCONT')
    child.kill(signal)
    const timer = setTimeout(() => child.kill('SIGKILL'), stopDeadlineMs)
    await ended
    clearTimeout(timer)
  }
  await isReady.catch(async (error) => {
    await stop('SIGKILL')
    throw error
  })
  return {
    pid: /** @type {number} */ (child.pid),
    output: () => output,
    stop,
    freeze: () => standStill(/** @type {number} */ (child.pid)),
    thaw: () => void child.kill('SIGCONT'),
  }
}

const standsStillWithinMs = 5_000

/**
 * Stops a process, and returns when each of its threads stands still: a signal takes its time, and what it has not reached yet
 * answers once more, or forks.
 * @param {number} pid
 */
export function standStill(pid) {
  process.kill(pid, 'SIGSTOP')
  const from = performance.now()
  while (!standsStill(pid)) {
    if (performance.now() - from > standsStillWithinMs) throw new Error(`process ${pid} does not stand still`)
  }
}

/** @param {number} pid */
function standsStill(pid) {
  const tasks = readdirSync(`/proc/${pid}/task`)
  return tasks.every((task) => stateOf(`/proc/${pid}/task/${task}`) !== 'runs')
}

/**
 * An orphan that has ended may stay a zombie for a while.
 * @param {string} task its folder in /proc
 * @returns {'runs' | 'stopped' | 'ended'}
 */
export function stateOf(task) {
  try {
    const letter = readFileSync(`${task}/stat`, 'utf8').replace(/^.*\) /s, '')[0]
    if (letter === 'Z' || letter === 'X') return 'ended'
    return letter === 'T' || letter === 't' ? 'stopped' : 'runs'
  } catch {
    return 'ended'
  }
}

/**
 * Ports that nobody listens on, found together so that no two are the same. Below 55,536: a Redis Cluster adds 10,000.
 * @param {number} count
 * @returns {Promise<number[]>}
 */
export async function freePorts(count) {
  /** @type {import('node:net').Server[]} */
  const listeners = []
  /** @type {number[]} */
  const ports = []
  while (ports.length < count) {
    const listener = createServer()
    listeners.push(listener)
    listener.listen(0, '127.0.0.1')
    await once(listener, 'listening')
    const { port } = /** @type {import('node:net').AddressInfo} */ (listener.address())
    if (port < 55_536) ports.push(port)
  }
  await Promise.all(listeners.map((listener) => new Promise((resolve) => listener.close(resolve))))
  return ports
}

/**
 * A temporary folder that other users may enter: some servers do not run as root.
 * @param {string} name
 * @returns {{ path: string, remove: () => void }}
 */
export function temporaryFolder(name) {
  const path = mkdtempSync(join(tmpdir(), `wsticket-${name}-`))
  chmodSync(path, 0o755)
  return { path, remove: () => rmSync(path, { recursive: true, force: true }) }
}
