/**
 * A PostgreSQL server, and a standby that follows one.
 * @module
 */
import { execFile, execFileSync } from 'node:child_process'
import { accessSync, chownSync, cpSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { standStill, startProcess, stateOf, temporaryFolder } from './process.mjs'
import { launchOnFreePort } from './redis.mjs'
import { until } from './until.mjs'

/** @import { ServerProcess } from './process.mjs' */

/**
 * @typedef {object} PostgresServer
 * @property {number} port
 * @property {string} url of the database `postgres`, as superuser
 * @property {string} folder where it keeps its data
 * @property {number} pid of the postmaster that runs now, or ran last
 * @property {(sql: string, url?: string) => Promise<string>} query runs SQL with psql, and resolves with the values as text
 * @property {(name: string) => Promise<string>} createDatabase resolves with its URL
 * @property {(program: string, ...words: string[]) => Promise<string>} run a program of PostgreSQL: `run('pg_dump', url)`
 * @property {(signal?: NodeJS.Signals) => Promise<void>} stop SIGINT is a fast shutdown and the default, SIGQUIT an immediate one
 * @property {() => Promise<void>} kill9 kills the postmaster, and waits until its backends have seen that they are orphans
 * @property {() => Promise<void>} crash kills all its processes at the same moment
 * @property {() => Promise<void>} start starts it again, on the same port and data
 * @property {() => Promise<void>} restart
 * @property {() => void} freeze lets no process of it do anything, with all connections open
 * @property {() => void} thaw
 * @property {() => string} output what the postmaster that runs now has logged
 * @property {() => Promise<void>} dispose ends it for good, and removes its files
 */

/**
 * @typedef {PostgresServer & { promote: () => Promise<void>, untilInStep: () => Promise<void> }} PostgresStandby
 * `promote` resolves when it takes writes; `untilInStep` when it has replayed what the primary has written up to now.
 */

/**
 * @typedef {object} PostgresOptions
 * @property {Record<string, string>} [settings] of `postgresql.conf`: `{ log_statement: 'all' }`
 * @property {PostgresServer} [copyOf] a server that is stopped, or frozen: starts on a copy of its files as they are
 */

const run = promisify(execFile)
const superuser = 'postgres'
const isRoot = process.getuid?.() === 0

/** Small, on loopback only. It syncs as it does in production: what a crash does to it is what the tests are about. */
const defaults = {
  listen_addresses: '127.0.0.1',
  shared_buffers: '32MB',
  max_connections: '100',
  max_wal_senders: '4',
  wal_level: 'replica',
  wal_keep_size: '64MB',
  timezone: 'UTC',
}

/** For tests in which no machine loses its power: what a process of the server has written survives the process. */
export const unsynced = { settings: { fsync: 'off' } }

/**
 * Starts a server, and resolves when it takes connections.
 * @param {PostgresOptions} [options]
 * @returns {Promise<PostgresServer>}
 */
export async function startPostgres({ settings = {}, copyOf } = {}) {
  return startOn(settings, async (folder) => {
    const made = process.env[filesVariable]
    if (copyOf === undefined) return made === undefined ? makeFiles(folder) : run('cp', ['-a', made, folder])
    cpSync(copyOf.folder, folder, { recursive: true, preserveTimestamps: true })
    rmSync(join(folder, 'postmaster.pid'), { force: true })
  })
}

/** Where files of a new server are; each server that is started takes a copy of them, for making them takes seconds. */
const filesVariable = 'WSTICKET_POSTGRES_FILES'

/**
 * Makes such files, for this process and what it starts from now on.
 * @returns {Promise<() => void>} removes them
 */
export async function makePostgresFiles() {
  const temporary = temporaryFolder('postgres-files')
  const folder = join(temporary.path, 'data')
  giveToOwner(temporary.path)
  process.env[filesVariable] = folder
  await makeFiles(folder)
  return temporary.remove
}

/** @param {string} folder */
function makeFiles(folder) {
  const options = ['--no-sync', '--auth=trust', '--locale=C.UTF-8', `--username=${superuser}`]
  return runAsOwner('initdb', [...options, `--pgdata=${folder}`])
}

/**
 * Starts a streaming standby of a primary, and resolves when it takes connections.
 * @param {PostgresServer} primary
 * @param {Pick<PostgresOptions, 'settings'>} [options]
 * @returns {Promise<PostgresStandby>}
 */
export async function startStandby(primary, { settings = {} } = {}) {
  const server = await startOn(settings, async (folder) => {
    const options = ['--write-recovery-conf', '--wal-method=stream', '--checkpoint=fast', '--no-sync']
    await runAsOwner('pg_basebackup', [...options, `--dbname=${primary.url}`, `--pgdata=${folder}`])
  })
  return Object.assign(server, {
    async promote() {
      await server.query('SELECT pg_promote()')
    },
    async untilInStep() {
      const written = await primary.query('SELECT pg_current_wal_lsn()')
      const question = `SELECT pg_last_wal_replay_lsn() >= '${written}'`
      await until('the standby is in step', async () => (await server.query(question)) === 't')
    },
  })
}

/**
 * @param {Record<string, string>} settings
 * @param {(folder: string) => unknown} fill
 * @returns {Promise<PostgresServer>}
 */
async function startOn(settings, fill) {
  const temporary = temporaryFolder('postgres')
  const folder = join(temporary.path, 'data')
  try {
    giveToOwner(temporary.path)
    await fill(folder)
    if (isRoot) await run('chown', ['-R', superuser, folder])
    const launch = (/** @type {number} */ port) => launchPostgres(folder, { port: String(port), ...settings })
    const { port, server } = await launchOnFreePort(launch)
    return createServer({ folder, port, launch, remove: temporary.remove }, server)
  } catch (error) {
    temporary.remove()
    throw error
  }
}

/**
 * @param {{ folder: string, port: number, launch: (port: number) => Promise<ServerProcess>, remove: () => void }} place
 * @param {ServerProcess} first
 * @returns {PostgresServer}
 */
function createServer({ folder, port, launch, remove }, first) {
  let server = first
  const url = urlOf(port, 'postgres')
  const query = (/** @type {string} */ sql, database = url) => runQuery(database, sql)
  const stop = (/** @type {NodeJS.Signals} */ signal = 'SIGINT') => server.stop(signal)
  const start = async () => {
    server = await launch(port)
  }
  return {
    port,
    url,
    folder,
    get pid() {
      return server.pid
    },
    query,
    async createDatabase(name) {
      await query(`CREATE DATABASE "${name}"`)
      return urlOf(port, name)
    },
    run: runProgram,
    stop,
    kill9: () => stopWithBackends(server, 'SIGKILL'),
    async crash() {
      // Frozen first: none sees another die.
      freezeAll(server.pid)
      signalAll(server.pid, 'SIGKILL')
      await server.stop('SIGKILL')
    },
    start,
    restart: () => stop().then(start),
    freeze: () => freezeAll(server.pid),
    thaw: () => signalAll(server.pid, 'SIGCONT'),
    output: () => server.output(),
    async dispose() {
      signalAll(server.pid, 'SIGCONT')
      await stopWithBackends(server, 'SIGQUIT')
      remove()
    },
  }
}

/** @param {ServerProcess} server @param {NodeJS.Signals} signal */
async function stopWithBackends(server, signal) {
  const backends = childrenOf(server.pid)
  await server.stop(signal)
  await until('the backends have ended', () => !backends.some(isAlive))
}

/** @param {string} folder @param {Record<string, string>} settings @returns {Promise<ServerProcess>} */
function launchPostgres(folder, settings) {
  const all = { ...defaults, unix_socket_directories: join(folder, '..'), ...settings }
  const command = [
    program('postgres'),
    '-D',
    folder,
    ...Object.entries(all).flatMap(([name, value]) => ['-c', `${name}=${value}`]),
  ]
  const ready = /database system is ready to accept (?:read-only )?connections/
  return startProcess(command, { ready, folder, ...(isRoot ? { user: superuser } : {}) })
}

/** @param {number} port @param {string} database @returns {string} */
function urlOf(port, database) {
  return `postgres://${superuser}@127.0.0.1:${port}/${database}`
}

/** @param {string} database @param {string} sql @returns {Promise<string>} */
function runQuery(database, sql) {
  return runProgram('psql', '-XAtq', '--set=ON_ERROR_STOP=1', `--dbname=${database}`, `--command=${sql}`)
}

/** @param {string} name @param {string[]} words @returns {Promise<string>} */
async function runProgram(name, ...words) {
  const { stdout } = await run(program(name), words, { maxBuffer: 2 ** 26 })
  return stdout.trimEnd()
}

/** The server refuses root, and so do the programs that make its files. @param {string} name @param {string[]} words */
async function runAsOwner(name, words) {
  const asOwner = ['--reuid', superuser, '--regid', superuser, '--init-groups']
  await (isRoot ? run('setpriv', [...asOwner, program(name), ...words], { cwd: '/' }) : run(program(name), words))
}

/** @param {string} path */
function giveToOwner(path) {
  if (!isRoot) return
  const [uid, gid] = ['-u', '-g'].map((flag) => Number(execFileSync('id', [flag, superuser])))
  chownSync(path, /** @type {number} */ (uid), /** @type {number} */ (gid))
}

/** @type {string | null} */
let programs = null

/**
 * A program of the newest PostgreSQL that is installed, where Debian keeps them, or of the one whose folder of programs the
 * environment names: to prove another version.
 * @param {string} name
 */
function program(name) {
  programs ??= process.env.WSTICKET_POSTGRES_PROGRAMS ?? findPrograms()
  return join(programs, name)
}

function findPrograms() {
  const root = '/usr/lib/postgresql'
  const versions = readdirSync(root).toSorted((one, other) => Number(other) - Number(one))
  const found = versions.map((version) => join(root, version, 'bin')).find((path) => isThere(join(path, 'initdb')))
  if (found === undefined) throw new Error(`there is no PostgreSQL server in ${root}`)
  return found
}

/** @param {string} path */
function isThere(path) {
  try {
    accessSync(path)
    return true
  } catch {
    return false
  }
}

/** The postmaster first: from then on it has no child that is not seen here. @param {number} pid */
function freezeAll(pid) {
  standStill(pid)
  for (const child of childrenOf(pid).filter(isAlive)) standStill(child)
}

/** @param {number} pid @param {NodeJS.Signals} signal */
function signalAll(pid, signal) {
  for (const each of [pid, ...childrenOf(pid)]) {
    try {
      process.kill(each, signal)
    } catch {
      // It has ended meanwhile.
    }
  }
}

/** @param {number} pid @returns {number[]} */
function childrenOf(pid) {
  if (!isAlive(pid)) return []
  const children = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim()
  return children === '' ? [] : children.split(' ').map(Number)
}

/** @param {number} pid @returns {boolean} */
function isAlive(pid) {
  return stateOf(`/proc/${pid}`) !== 'ended'
}
