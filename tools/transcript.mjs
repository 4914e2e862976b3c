/**
 * Runs commands so that everything they print is both seen and kept.
 * @module
 */
import { spawn } from 'node:child_process'
import { appendFileSync } from 'node:fs'
import { delimiter, join } from 'node:path'

/**
 * @typedef {object} Transcript
 * @property {(text: string | Uint8Array) => void} write
 * @property {(command: readonly string[], env: Record<string, string>) => Promise<boolean>} run true where it exits with 0
 */

const timeLimitMs = 10 * 60_000

/** @type {Set<import('node:child_process').ChildProcess>} what this process started and has not seen end */
const running = new Set()

/**
 * @param {string} path of the file that keeps what is printed
 * @returns {Transcript}
 */
export function createTranscript(path) {
  const write = (/** @type {string | Uint8Array} */ text) => {
    process.stdout.write(text)
    appendFileSync(path, text)
  }
  return { write, run: (command, env) => run(command, env, write) }
}

/**
 * @param {readonly string[]} command
 * @param {Record<string, string>} env
 * @param {Transcript['write']} write
 * @returns {Promise<boolean>}
 */
function run([file = '', ...args], env, write) {
  const { promise, resolve } = defer()
  const child = spawn(file, args, { env: { ...plainEnvironment(), ...env }, stdio: ['ignore', 'pipe', 'pipe'] })
  running.add(child)
  const timer = setTimeout(() => {
    write(`${file} is still running after ${timeLimitMs / 1000} s and is ended\n`)
    child.kill('SIGKILL')
  }, timeLimitMs)
  child.stdout.on('data', write)
  child.stderr.on('data', write)
  child.on('error', (error) => {
    write(`${file} cannot be run: ${error.message}\n`)
    resolve(false)
  })
  child.on('close', (code) => resolve(code === 0))
  return promise.finally(() => {
    clearTimeout(timer)
    running.delete(child)
  })
}

/** @returns {{ promise: Promise<boolean>, resolve: (value: boolean) => void }} */
function defer() {
  let resolve = (/** @type {boolean} */ _value) => {}
  const promise = new Promise((/** @type {(value: boolean) => void} */ settle) => {
    resolve = settle
  })
  return { promise, resolve }
}

/** No colours: they would stand between a check and the text that it looks for. */
function plainEnvironment() {
  const { FORCE_COLOR: _, ...env } = process.env
  return { ...env, NO_COLOR: '1', PATH: `${join('node_modules', '.bin')}${delimiter}${env.PATH}` }
}

for (const signal of /** @type {const} */ (['SIGINT', 'SIGTERM'])) {
  process.once(signal, () => {
    for (const child of running) child.kill(signal)
    process.exit(1)
  })
}
