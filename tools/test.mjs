/**
 * Runs everything that proves this project, or the parts of it that are named, and sums up in its last line.
 *   npm test                     all of it
 *   npm test -- unit browsers    these parts: check, unit, services, sqlite, faults, proof, clients, browsers, runtimes, pack, bench
 * What it prints, and what the tests write into the folder WSTICKET_TEST_OUTPUT, is searched for secrets at the end.
 */
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createTranscript } from './transcript.mjs'
import { readCounts } from './vitest-report.mjs'

const parts = [
  'check',
  'unit',
  'services',
  'sqlite',
  'faults',
  'proof',
  'clients',
  'browsers',
  'runtimes',
  'pack',
  'bench',
]
const chosen = process.argv.length > 2 ? process.argv.slice(2) : parts
const unknown = chosen.filter((part) => !parts.includes(part))
if (unknown.length > 0) {
  console.error(`No such part: ${unknown.join(' ')}. There are: ${parts.join(' ')}.`)
  process.exit(2)
}

const output = mkdtempSync(join(tmpdir(), 'wsticket-test-'))
const reports = join(output, 'reports')
mkdirSync(reports)
const transcript = createTranscript(join(output, 'transcript.log'))

/**
 * @typedef {object} Step
 * @property {string} title
 * @property {readonly string[]} command
 * @property {string} [part] runs only where this part is chosen
 * @property {boolean} [essential] nothing that follows makes sense without it
 * @property {string} [group] it leaves a processor to others for some of its time: it runs beside its neighbours of this name. What needs
 * a system package is in another group than their installation
 * @property {string} [report] where vitest counts its tests; any other step counts as one
 */

const linted = ['packages', 'tools', 'benchmarks', 'engines', 'proofs', 'corpus', 'examples', 'clients']
const strictly = ['--format=unix', '--type-aware', '--deny-warnings', '--report-unused-disable-directives']

/** @type {Step[]} */
const steps = [
  { title: 'Build', command: ['npm', 'run', '--silent', 'build'], essential: true },
  {
    title: 'System packages',
    command: ['node', 'tools/system-packages.mjs', ...chosen],
    essential: true,
    group: 'no engines',
  },
  { ...vitest('unit', 'Unit tests'), group: 'no engines' },
  check('Format and lint', 'biome', 'check', '--error-on-warnings'),
  check('Lint with types', 'oxlint', ...strictly, ...linted),
  check('Types of the tests', 'tsc', '-p', 'tsconfig.tests.json'),
  check('Types of the recipes', 'tsc', '-p', 'clients'),
  check('Import graph', 'node', 'tools/check-imports.mjs'),
  check('Dead exports and dependencies', 'knip'),
  check('Size of the client', 'node', 'tools/check-client-size.mjs'),
  check('Documents', 'node', 'tools/write-docs.mjs', '--check'),
  {
    part: 'unit',
    title: 'Fuzzing of the parsers, in short',
    command: ['node', 'tools/fuzz.mjs', '--seconds', '6'],
    group: 'no engines',
  },
  vitest('services', 'Tests against real services'),
  vitest('sqlite', 'Tests of SQLite, under Node 24', ['node', 'tools/with-node.mjs', '24']),
  vitest('faults', 'Tests under faults'),
  proof('Single use over processes', 'single-use'),
  { ...proof('Hostile sockets', 'load'), group: 'clients' },
  { ...vitest('clients', 'Client libraries'), group: 'clients' },
  { ...proof('An orderly drain', 'drain'), group: 'clients' },
  { ...proof('Revocation over nodes', 'revocation'), group: 'clients' },
  { ...proof('Coming back', 'reconnect'), group: 'clients' },
  { ...vitest('browsers', 'Tests in browsers'), group: 'pages' },
  {
    part: 'runtimes',
    title: 'The client in other runtimes',
    command: ['node', 'tools/test-runtimes.mjs', 'Bun', 'Deno', 'workerd', 'Node 24'],
    group: 'pages',
  },
  { part: 'pack', title: 'Packed tarballs', command: ['node', 'tools/pack-test.mjs'], group: 'pages' },
  benchmark('Benchmarks', 'run'),
  benchmark('What a session costs', 'sessions'),
  { title: 'Secrets in the output', command: ['node', 'tools/check-secrets.mjs', output] },
]

/** @param {string} title @param {string[]} command @returns {Step} */
function check(title, ...command) {
  return { part: 'check', title, command, group: 'no engines' }
}

/** @param {string} title @param {string} name @returns {Step} */
function proof(title, name) {
  return { part: 'proof', title: `${title}, in short`, command: ['node', `proofs/${name}.mjs`, '--short'] }
}

/** @param {string} title @param {string} name @returns {Step} */
function benchmark(title, name) {
  const command = ['node', `benchmarks/${name}.mjs`, '--short']
  return { part: 'bench', title: `${title}, in short`, command, group: 'benchmarks' }
}

/** @param {string} part @param {string} title @param {string[]} [prefix] what runs the command @returns {Step} */
function vitest(part, title, prefix = []) {
  const report = join(reports, `${part}.json`)
  const reporters = ['--reporter=default', '--reporter=json', `--outputFile.json=${report}`]
  return { part, title, report, command: [...prefix, 'vitest', 'run', '--project', part, ...reporters] }
}

/**
 * @param {Step} step @param {Pick<import('./transcript.mjs').Transcript, 'write' | 'run'>} [place] where it prints
 * @returns {Promise<{ passed: number, failed: number, line: string }>}
 */
async function runStep({ title, command, report }, place = transcript) {
  const startedAt = performance.now()
  place.write(`\n== ${title}\n`)
  const succeeded = await place.run(command, { WSTICKET_TEST_OUTPUT: output })
  const counts = report ? readCounts(report, succeeded) : { passed: Number(succeeded), failed: Number(!succeeded) }
  const seconds = ((performance.now() - startedAt) / 1000).toFixed(1)
  const verdict = counts.failed === 0 ? 'ok    ' : 'FAILED'
  const tests = report ? `  (${counts.passed} passed, ${counts.failed} failed, ${counts.skipped} skipped)` : ''
  return { ...counts, line: `${verdict} ${seconds.padStart(6)} s  ${title}${tests}` }
}

/** @param {Step[]} neighbours */
async function runBeside(neighbours) {
  const queue = [...neighbours.entries()]
  /** @type {Awaited<ReturnType<typeof runStep>>[]} */
  const outcomes = []
  const lane = async () => {
    for (let next = queue.shift(); next !== undefined; next = queue.shift()) {
      const part = transcript.part()
      outcomes[next[0]] = await runStep(next[1], part)
      part.end()
    }
  }
  await Promise.all([lane(), lane(), lane()])
  return outcomes
}

const results = []
const wanted = steps.filter(({ part }) => part === undefined || chosen.includes(part))
for (let step = wanted.shift(); step !== undefined; step = wanted.shift()) {
  const group = [step]
  while (step.group !== undefined && wanted[0]?.group === step.group) group.push(/** @type {Step} */ (wanted.shift()))
  const outcomes = group.length > 1 ? await runBeside(group) : [await runStep(step)]
  results.push(...outcomes)
  if (group.some(({ essential }, at) => essential && outcomes[at]?.failed)) break
}

const passed = results.reduce((sum, result) => sum + result.passed, 0)
const failed = results.reduce((sum, result) => sum + result.failed, 0)
console.log(`\n== Summary\n${results.map(({ line }) => line).join('\n')}`)
if (failed === 0) rmSync(output, { recursive: true })
else console.log(`The output is kept in ${output}`)
console.log(`${passed} passed, ${failed} failed`)
process.exitCode = failed === 0 ? 0 : 1
