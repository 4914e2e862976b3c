/**
 * What one process redeems per second on each engine, beside what the same client, or the engine's own load tool, does at most
 * with one atomic command.
 *
 *   npm run bench:redeem                  every engine that runs here
 *   npm run bench:redeem -- --short       shows that it runs, its figures mean little
 *   npm run bench:redeem -- --only redis  one engine
 *
 * Store and control take turns, round by round, in this process on core 0; the engine is on core 1. Every redeem is checked.
 * @module
 */
import { execFileSync } from 'node:child_process'
import { cpus } from 'node:os'
import { parseArgs } from 'node:util'
import { createIssuer } from 'wsticket'
import { engines } from './engines.mjs'

const { values: options } = parseArgs({
  options: { short: { type: 'boolean', default: false }, only: { type: 'string' } },
})
const plan = options.short ? { rounds: 1, operations: 500 } : { rounds: 7, operations: 5000 }
const inFlightLevels = [1, 16, 64]
const hourMs = 3_600_000
const identity = { issuer: 'https://id.example', subject: 'alice', expiresAt: null, claims: {} }
const context = { clientAddress: '127.0.0.1', origin: 'https://app.example' }

console.log(
  '| engine | in flight | redeems/s | p50, p99 us | CPU us | control/s | p50, p99 us | CPU us | ratio of CPU |',
)
console.log('|---|---|---|---|---|---|---|---|---|')
for (const [name, start] of Object.entries(engines)) {
  if (options.only === undefined || options.only === name) await measureEngine(name, start)
}

async function measureEngine(name, start) {
  pin(1)
  const engine = await start()
  if (engine === null) return console.log(`| ${name} | not run: this Node has no client for it | | | | | | | |`)
  pin(0)
  try {
    for (const inFlight of inFlightLevels) console.log(`| ${name} | ${inFlight} | ${await compare(engine, inFlight)} |`)
    if (engine.limit) console.log(`| ${name} | | ${await mostOf(engine.limit)} | | | | | | |`)
  } finally {
    await engine.dispose()
  }
}

/** A limit is the most that was seen: whoever else uses the machine only takes from it. */
async function mostOf({ of, prepare = async () => {}, perSecond }) {
  await prepare()
  let most = 0
  for (let round = 0; round < plan.rounds; round++) most = Math.max(most, await perSecond())
  return `${of}: ${most}/s`
}

async function compare({ store, control }, inFlight) {
  const results = { store: [], control: [] }
  for (let round = -1; round < plan.rounds; round++) {
    const ids = await issue(store, plan.operations)
    const keys = await control.prepare(plan.operations)
    const runs = [
      ['store', ids, async (id) => (await store.redeem(id, Date.now())).kind === 'redeemed'],
      ['control', keys, control.take],
    ]
    for (const [side, items, act] of round % 2 === 0 ? runs : runs.reverse()) {
      const measured = await measure(items, act, inFlight)
      if (round >= 0) results[side].push(measured)
    }
  }
  const ratio = median(results.store.map(({ cpuUs }, round) => cpuUs / results.control[round].cpuUs))
  return `${show(results.store)} | ${show(results.control)} | ${ratio.toFixed(2)}`
}

/** Tickets as an issuer makes them. */
async function issue(store, count) {
  const issuer = createIssuer({
    store,
    audiences: ['bench'],
    ticketsPerSubject: 'unlimited',
    lifetimeMs: hourMs,
    maximumLifetimeMs: hourMs,
  })
  const ids = []
  const worker = async () => {
    while (ids.length < count) ids.push((await issuer.issue(identity, { audience: 'bench' }, context)).id)
  }
  await Promise.all(Array.from({ length: 10 }, worker))
  return ids.slice(0, count)
}

async function measure(items, act, inFlight) {
  const latencies = []
  let next = 0
  const worker = async () => {
    while (next < items.length) {
      const item = items[next++]
      const begun = performance.now()
      if (!(await act(item))) throw new Error('a redeem that had to succeed did not')
      latencies.push(performance.now() - begun)
    }
  }
  const cpu = process.cpuUsage()
  const begun = performance.now()
  await Promise.all(Array.from({ length: inFlight }, worker))
  const seconds = (performance.now() - begun) / 1000
  const { user, system } = process.cpuUsage(cpu)
  latencies.sort((one, other) => one - other)
  const at = (share) => latencies[Math.floor(latencies.length * share)] * 1000
  return { perSecond: items.length / seconds, p50: at(0.5), p99: at(0.99), cpuUs: (user + system) / items.length }
}

function show(rounds) {
  const of = (member) => Math.round(median(rounds.map((round) => round[member])))
  return `${of('perSecond')} | ${of('p50')}, ${of('p99')} | ${of('cpuUs')}`
}

/** What is started from now on, and this process, run on this core. */
function pin(core) {
  if (process.platform !== 'linux' || cpus().length < 2) return
  execFileSync('taskset', ['-a', '-c', '-p', String(core), String(process.pid)], { stdio: 'ignore' })
}

function median(values) {
  const sorted = [...values].sort((one, other) => one - other)
  return sorted[sorted.length >> 1]
}
