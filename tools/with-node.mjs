/**
 * Runs a command under another Node than the one that is installed, which is fetched as a package where that is needed.
 *   node tools/with-node.mjs 24 vitest run --project sqlite
 */
import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, readFileSync } from 'node:fs'
import { constants } from 'node:os'
import { delimiter, dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const [major = '', command = '', ...args] = process.argv.slice(2)
const folder = fileURLToPath(new URL(`./nodes/${major}/`, import.meta.url))
const fetched = join(folder, 'node_modules/node')

if (!/^\d+$/.test(major) || command === '') fail('Usage: node tools/with-node.mjs <major> <command> [argument ...]')
process.exitCode = await run(provide())

/** @returns {string} the folder of a Node of the major */
function provide() {
  const running = dirname(process.execPath)
  if (process.versions.node.startsWith(`${major}.`)) return running
  if (!existsSync(join(folder, 'package.json'))) fail(`There is no Node ${major} in tools/nodes.`)
  if (process.platform === 'linux' && process.arch === 'x64') return fetch()
  const here = `${process.platform} ${process.arch}, for which Node ${major} cannot be fetched`
  // What is run under another Node here is run there for its SQLite.
  if (process.getBuiltinModule?.('node:sqlite') === undefined)
    fail(`This is ${here}. Install it, and run this with it.`)
  console.log(`This is ${here}: going on with Node ${process.versions.node}.`)
  return running
}

/** @returns {string} */
function fetch() {
  if (versionIn(join(fetched, 'package.json')) !== wanted()) {
    console.log(`Fetching Node ${wanted()} into tools/nodes/${major}.`)
    const { status } = spawnSync('npm', ['ci', '--prefix', folder, '--ignore-scripts'], { stdio: 'inherit' })
    if (status !== 0) fail(`Node ${major} could not be fetched.`)
  }
  return join(fetched, 'bin')
}

/** @returns {string} */
function wanted() {
  const { packages } = JSON.parse(readFileSync(join(folder, 'package-lock.json'), 'utf8'))
  return packages['node_modules/node'].version
}

/** @param {string} manifest @returns {string | null} */
function versionIn(manifest) {
  return existsSync(manifest) ? JSON.parse(readFileSync(manifest, 'utf8')).version : null
}

/** @param {string} node the folder of its binary @returns {Promise<number>} the exit code */
async function run(node) {
  const path = [node, join('node_modules', '.bin'), process.env.PATH].join(delimiter)
  const child = spawn(command, args, { env: { ...process.env, PATH: path }, stdio: 'inherit' })
  for (const signal of /** @type {const} */ (['SIGINT', 'SIGTERM', 'SIGHUP'])) {
    process.on(signal, () => child.kill(signal))
  }
  const [code, signal] = await once(child, 'exit').catch((error) => fail(`${command} cannot be run: ${error.code}`))
  return code ?? 128 + constants.signals[/** @type {NodeJS.Signals} */ (signal)]
}

/** @param {string} message @returns {never} */
function fail(message) {
  console.error(message)
  process.exit(2)
}
