/**
 * Proves that hostile sockets are no more than a nuisance: thousands of them that say nothing, drip, stay silent after their 101,
 * send tiny fragments, or read nothing, against a server made with the library, against the gateway, and against a server without
 * wsticket that has the same limits: what that one suffers the machine makes it suffer, and it is shown and not judged.
 *
 *   npm run prove:load                                5,000 hostile sockets on each form: about seven minutes
 *   npm run prove:load -- --short                     250 on each, all at once: a quarter of a minute, timings not judged
 *   npm run prove:load -- --form gateway              this form
 *   npm run prove:load -- --sockets 2000
 *
 * Timings need a machine that has nothing else to do: where others take the processors, it fails. While the attack lasts, another
 * socket is opened for each that the server ends. The server, the hostile clients and the healthy ones are processes of their own. Ends with 1 where a hostile socket outlived its limit, a healthy client failed or waited, at the
 * 99th percentile (the median over windows of five seconds), more than twice as long as in the same run without the attack, and where memory was not bounded or not given back.
 * Those who flood come alone, and only have to be ended: what they cost the others, a limit in front has to bound.
 * @module
 */
import { setTimeout as pause } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import { bare, forms } from './load/forms.mjs'
import { startIssuer } from './load/issuer.mjs'
import { footprintOf, pathOf, start } from './load/processes.mjs'
import { report } from './load/report.mjs'

/** @import { Course } from './load/report.mjs' */
/** @import { Running } from './load/processes.mjs' */

const { values: options } = parseArgs({
  options: { form: { type: 'string' }, sockets: { type: 'string' }, short: { type: 'boolean', default: false } },
})
const plan = options.short
  ? {
      sockets: 250,
      warmUpMs: 500,
      baselineMs: 1500,
      rampMs: 1000,
      attackMs: 3000,
      floodMs: 1000,
      sessionLifetimeMs: 8000,
    }
  : {
      sockets: 5000,
      warmUpMs: 10_000,
      baselineMs: 15_000,
      rampMs: 20_000,
      attackMs: 45_000,
      floodMs: 5000,
      sessionLifetimeMs: 20_000,
    }
const sockets = Number(options.sockets ?? plan.sockets)
const settleMs = 1000
const windowMs = 5000
const servers = { ...forms, bare }
const chosen = Object.keys(servers).filter((name) => options.form === undefined || options.form === name)
if (chosen.length === 0 || !Number.isInteger(sockets) || sockets < 100) {
  console.error(`There are ${Object.keys(servers).join(', ')}, and 100 hostile sockets at least.`)
  process.exit(2)
}

const issuer = await startIssuer()
const proofs = chosen.map((name) => () => prove(name))
const verdicts = options.short ? await Promise.all(proofs.map((each) => each())) : await inTurn(proofs)
issuer.stop()
const proven = verdicts.every(Boolean)
console.log(proven ? '\nThe load is borne.' : '\nTHE LOAD IS NOT BORNE.')
process.exitCode = proven ? 0 : 1

/** @param {readonly (() => Promise<boolean>)[]} proofs */
async function inTurn(proofs) {
  const results = []
  for (const each of proofs) results.push(await each())
  return results
}

/** @param {string} name @returns {Promise<boolean>} whether it bears the load, or need not */
async function prove(name) {
  const form = /** @type {import('./load/forms.mjs').Form} */ (servers[name])
  const { server, port, stop } = await form(issuer.url, plan.sessionLifetimeMs)
  const hostile = start(pathOf('./hostile.mjs'), [])
  const healthy = start(pathOf('./healthy.mjs'), [String(port), await issuer.token('healthy')])
  try {
    const attack = { port, token: await issuer.token('hostile'), sockets, rampMs: plan.rampMs, flood: false }
    const course = await run({ server, hostile, healthy }, attack)
    const isOurs = Object.hasOwn(forms, name)
    return report(name, course, { ...plan, sockets, timed: !options.short && isOurs }) || !isOurs
  } finally {
    await Promise.all([hostile.stop(), healthy.stop()])
    await stop()
  }
}

/**
 * @param {{ server: Running, hostile: Running, healthy: Running }} processes
 * @param {import('./load/hostile.mjs').Attack} attack
 * @returns {Promise<Course>}
 */
async function run({ server, hostile, healthy }, attack) {
  /** Window by window: a machine that many share stands still for a moment now and then. */
  const experienceOver = async (/** @type {number} */ ms) => {
    await healthy.ask('experience')
    const windows = []
    for (let left = ms; left > 0; left -= windowMs) {
      await pause(Math.min(left, windowMs))
      windows.push((await healthy.ask('experience')).experience)
    }
    return windows
  }
  await pause(plan.warmUpMs)
  const baseline = await experienceOver(plan.baselineMs)
  const before = await footprintOf(server)
  // To be measured holds up the server.
  await pause(settleMs)
  await hostile.ask({ attack })
  const ramp = await experienceOver(plan.rampMs)
  const attacked = await experienceOver(plan.attackMs - plan.rampMs)
  const during = await footprintOf(server)
  const { fates: atOnce } = await hostile.ask({ cease: true })
  await untilEnded(hostile)
  await hostile.ask({ attack: { ...attack, rampMs: 0, flood: true } })
  const flooded = await experienceOver(plan.floodMs)
  await hostile.ask({ cease: true })
  const fates = await untilEnded(hostile)
  const after = await footprintOf(server)
  const baselineAfter = options.short ? [] : await experienceOver(plan.baselineMs)
  return {
    baseline: [...baseline, ...baselineAfter],
    ramp,
    attacked,
    flooded,
    footprints: { before, during, after },
    atOnce,
    fates,
  }
}

/** Waits until the server has ended the last hostile socket, or should have long ago. @param {Running} hostile */
async function untilEnded(hostile) {
  const patienceMs = 17_000 + plan.sessionLifetimeMs + 5000
  const startedAt = performance.now()
  for (;;) {
    const { fates } = await hostile.ask({ fates: true })
    const open = Object.values(fates).reduce((sum, fate) => sum + fate.open, 0)
    if (open === 0 || performance.now() - startedAt > patienceMs) return fates
    await pause(250)
  }
}
