/**
 * CPU time per operation of wsticket, as ratios against a control without it, measured in the same run.
 *
 *   npm run bench                           7 fresh process pairs of 8 interleaved rounds for each: about 15 minutes
 *   npm run bench -- --short                1 pair of 3 rounds of a fifth, kept nowhere: shows that it runs, its figures mean little
 *   npm run bench -- --only admission       one comparison; also admission-redis, admission-postgres, admission-nats,
 *                                           admission-sqlite, issue, and floor-redis, -postgres, -nats, -sqlite
 *   npm run bench -- --node PATH            another node for the subjects; SQLite needs 22.13 or later
 *
 * Every operation is checked: a refusal fails the run. Raw results go to benchmarks/results/, with the machine's facts.
 * @module
 */
import { execFileSync, spawn } from 'node:child_process'
import { mkdirSync, writeFileSync } from 'node:fs'
import { cpus, release, totalmem } from 'node:os'
import { parseArgs } from 'node:util'
import { startNats } from 'wsticket-engines/nats'
import { startPostgres } from 'wsticket-engines/postgres'
import { temporaryFolder } from 'wsticket-engines/process'
import { startRedis } from 'wsticket-engines/redis'
import { openWebSockets, postTokens } from './load.mjs'

const admission = { subject: 'ws-ticket', control: 'ws-bare', load: openWebSockets, operations: 2000 }
// What single use costs at the least on an engine: the same client with one question that takes something out, and no ticket.
const floor = { ...admission, subject: 'ws-take', aim: null }
const comparisons = {
  admission: { ...admission, aim: 1.08 },
  'admission-redis': { ...admission, aim: 1.3, startEngine: startRedis },
  'admission-postgres': { ...admission, aim: 1.45, startEngine: startPostgres },
  'admission-nats': { ...admission, aim: null, startEngine: startNatsForAnHour },
  'admission-sqlite': { ...admission, aim: 1.45, startEngine: createDatabaseFile },
  'floor-redis': { ...floor, startEngine: startRedis },
  'floor-postgres': { ...floor, startEngine: startPostgres },
  'floor-nats': { ...floor, startEngine: startNats },
  'floor-sqlite': { ...floor, startEngine: createDatabaseFile },
  issue: { subject: 'issue', control: 'verify-only', load: postTokens, operations: 3000, aim: 1.1 },
}

const { values: options } = parseArgs({
  options: {
    short: { type: 'boolean', default: false },
    only: { type: 'string' },
    node: { type: 'string', default: process.execPath },
    pairs: { type: 'string' },
  },
})
const plan = options.short
  ? { pairs: 1, rounds: 3, warmUps: 1, share: 0.2 }
  : { pairs: Number(options.pairs ?? 7), rounds: 8, warmUps: 6, share: 1 }

const shown = ['admission', 'admission-redis', 'issue']

// The subjects have core 0 to themselves: the load runs on core 1.
const pinned = process.platform === 'linux' && cpus().length > 1
if (pinned) execFileSync('taskset', ['-a', '-c', '-p', '1', String(process.pid)], { stdio: 'ignore' })

const results = []
for (const [name, comparison] of Object.entries(comparisons)) {
  if (options.only !== undefined && options.only !== name) continue
  // The others are measured as these are: that these run shows that those do.
  if (options.short && options.only === undefined && !shown.includes(name)) continue
  if (name.endsWith('-sqlite') && !hasSqlite(options.node))
    console.log(`${name}: not run, ${options.node} has no node:sqlite`)
  else results.push(await compare(name, comparison))
}
print(results)
if (!options.short) keep(results)

/** Runs fresh process pairs; in each, rounds of subject and control in turn. */
async function compare(name, { subject, control, load, aim, startEngine = startNoEngine, ...comparison }) {
  const operations = comparison.operations * plan.share
  const pairs = []
  for (let pair = 0; pair < plan.pairs; pair++) {
    process.stderr.write(`${name}: process pair ${pair + 1} of ${plan.pairs}\n`)
    // Like the load, the engine is on core 1.
    const engine = await startEngine()
    try {
      pairs.push(await runPair({ subject, control, load, operations, store: engine.url }))
    } finally {
      await engine.dispose()
    }
  }
  const ratio = median(pairs.map((pair) => pair.ratio))
  return { name, subject, control, operations, aim, ratio, pairs }
}

async function startNoEngine() {
  return { url: '', dispose: async () => {} }
}

/** The tickets of a benchmark are made long before they are redeemed. */
async function startNatsForAnHour() {
  const { url, dispose } = await startNats()
  return { url: `${url}?recordAgeMs=7200000`, dispose }
}

async function createDatabaseFile() {
  const folder = temporaryFolder('bench')
  return { url: `sqlite:${folder.path}/tickets.db`, dispose: async () => folder.remove() }
}

async function runPair({ subject, control, load, operations, store }) {
  const processes = { subject: await start(subject, store), control: await start(control, '') }
  const samples = { subject: [], control: [] }
  const count = operations * (plan.rounds + plan.warmUps)
  const stock = {}
  for (const side of ['subject', 'control']) stock[side] = await processes[side].prepare(count)
  for (let round = -plan.warmUps; round < plan.rounds; round++) {
    // Which side goes first alternates, so that a drift of the machine favours neither.
    for (const side of round % 2 === 0 ? ['subject', 'control'] : ['control', 'subject']) {
      const { port, cpu } = processes[side]
      const before = await cpu()
      await load(port, stock[side].splice(0, operations))
      const after = await cpu()
      requireDone(after.done - before.done, operations)
      if (round >= 0) samples[side].push((after.us - before.us) / operations)
    }
  }
  for (const side of Object.values(processes)) side.stop()
  const ratios = samples.subject.map((value, round) => value / samples.control[round])
  return { ratio: median(ratios), subjectUs: median(samples.subject), controlUs: median(samples.control), samples }
}

/** A subject that did less than it was asked to is not measured. */
function requireDone(done, operations) {
  if (done !== operations) throw new Error(`a benchmark subject did ${done} of ${operations} operations`)
}

/** Starts a subject in a process of its own, on core 0 where the system can do that. */
async function start(subject, store) {
  const file = new URL(`./subjects/${subject}.mjs`, import.meta.url).pathname
  const [command, ...args] = pinned ? ['taskset', '-c', '0', options.node, file] : [options.node, file]
  const env = { ...process.env, WSTICKET_STORE: store }
  const child = spawn(command, args, { env, stdio: ['ignore', 'inherit', 'inherit', 'ipc'] })
  const { port } = await answer(child)
  const ask = (question) => {
    child.send(question)
    return answer(child)
  }
  return {
    port,
    prepare: async (count) => (await ask({ ask: 'prepare', count })).prepared,
    cpu: async () => {
      const { cpu, done } = await ask({ ask: 'cpu' })
      return { us: cpu.user + cpu.system, done }
    },
    stop: () => child.disconnect(),
  }
}

function answer(child) {
  return new Promise((resolve, reject) => {
    const failed = (code) => reject(new Error(`a benchmark subject ended with status ${code}`))
    child.once('exit', failed)
    child.once('error', reject)
    child.once('message', (message) => {
      child.off('exit', failed)
      child.off('error', reject)
      resolve(message)
    })
  })
}

function hasSqlite(node) {
  const [major, minor] = execFileSync(node, ['-p', 'process.versions.node'], { encoding: 'utf8' })
    .split('.')
    .map(Number)
  return major > 22 || (major === 22 && minor >= 13)
}

function median(values) {
  const sorted = [...values].sort((a, b) => a - b)
  const middle = sorted.length >> 1
  return sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2
}

function print(all) {
  for (const { name, subject, control, aim, ratio, pairs } of all) {
    const spread = pairs.map((pair) => pair.ratio)
    const us = (side) => median(pairs.map((pair) => pair[side])).toFixed(1)
    console.log(
      `${name}: ${ratio.toFixed(3)} x the CPU of ${control} (pairs ${Math.min(...spread).toFixed(3)} to ${Math.max(...spread).toFixed(3)}, ` +
        `${aim === null ? 'no aim' : `aim ${aim} or less`}): ${us('subjectUs')} us against ${us('controlUs')} us, ${subject} against ${control}`,
    )
  }
}

function keep(all) {
  const facts = {
    at: new Date().toISOString(),
    node: execFileSync(options.node, ['--version'], { encoding: 'utf8' }).trim(),
    cpu: cpus()[0].model,
    cores: cpus().length,
    memoryGiB: Math.round(totalmem() / 2 ** 30),
    kernel: release(),
    commit: execFileSync('git', ['describe', '--always', '--dirty'], { encoding: 'utf8' }).trim(),
    plan,
  }
  const folder = new URL('./results/', import.meta.url)
  mkdirSync(folder, { recursive: true })
  const file = new URL(`${facts.at.slice(0, 19).replaceAll(':', '')}-${facts.node}.json`, folder)
  writeFileSync(file, `${JSON.stringify({ facts, results: all }, null, 1)}\n`)
  process.stderr.write(`raw results: benchmarks/results/${file.pathname.split('/').pop()}\n`)
}
