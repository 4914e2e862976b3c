/**
 * Runs commands so that everything they print is both seen and kept.
 * @module
 */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { appendFileSync } from 'node:fs'
import { delimiter, join } from 'node:path'

/**
 * @typedef {object} Transcript
 * @property {(text: string | Uint8Array) => void} write
 * @property {(command: readonly string[], env: Record<string, string>) => Promise<boolean>} run true where it exits with 0
 * @property {() => Part} part for a command that runs beside others: what it prints comes in one piece, when `end` is called
 */

/** @typedef {Pick<Transcript, 'write' | 'run'> & { readonly end: () => void }} Part */

const timeLimitMs = 10 * 60_000

/** @type {Set<import('node:child_process').ChildProcess>} what this process started and has not seen end */
const running = new Set()

/**
 * @param {string} path of the file that keeps what is printed
 * @returns {Transcript}
 */
export function createTranscript(path) {
  process.once('SIGINT', endEverything)
  process.once('SIGTERM', endEverything)
  const write = (/** @type {string | Uint8Array} */ text) => {
    process.stdout.write(text)
    appendFileSync(path, text)
  }
  return { write, run: (command, env) => run(command, env, write), part: () => createPart(write) }
}

/** @param {Transcript['write']} write @returns {Part} */
function createPart(write) {
  /** @type {(string | Uint8Array)[]} */
  const kept = []
  const keep = (/** @type {string | Uint8Array} */ text) => void kept.push(text)
  return { write: keep, run: (command, env) => run(command, env, keep), end: () => kept.forEach(write) }
}

/**
 * @param {readonly string[]} command
 * @param {Record<string, string>} env
 * @param {Transcript['write']} write
 * @returns {Promise<boolean>}
 */
async function run([file = '', ...args], env, write) {
  const child = spawn(file, args, { env: { ...plainEnvironment(), ...env }, stdio: ['ignore', 'pipe', 'pipe'] })
  running.add(child)
  child.stdout.on('data', write)
  child.stderr.on('data', write)
  let inTime = true
  const timer = setTimeout(() => {
    inTime = false
    write(`${file}, or something that it started, is still running after ${timeLimitMs / 1000} s\n`)
    child.kill('SIGKILL')
    child.stdout.destroy()
    child.stderr.destroy()
  }, timeLimitMs)
  try {
    const [code] = await once(child, 'close')
    return code === 0 && inTime
  } catch (error) {
    write(`${file} cannot be run: ${String(error)}\n`)
    return false
  } finally {
    clearTimeout(timer)
    running.delete(child)
  }
}

/** @param {NodeJS.Signals} signal */
function endEverything(signal) {
  for (const child of running) child.kill(signal)
  process.exit(1)
}

/** No colours: they would stand between a check and the text that it looks for. */
function plainEnvironment() {
  const { FORCE_COLOR: _, ...env } = process.env
  return { ...env, NO_COLOR: '1', PATH: `${join('node_modules', '.bin')}${delimiter}${env.PATH}` }
}
