/**
 * Writes what the documents say twice, and holds the rest against the code.
 *   node tools/write-docs.mjs           writes docs/refusals.md, docs/security/corpus.md and the generated parts of other documents
 *   node tools/write-docs.mjs --check   fails, one line each, where a document is out of step
 * Needs a build.
 */
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { idOfTicket, issueRefusals, lockOfKey, parseKey, parseTicket, refusals } from 'wsticket'
import { postgresSchema } from 'wsticket/stores/postgres'
import { clientsParts } from './clients-document.mjs'
import { corpusDocument } from './corpus-document.mjs'

const root = new URL('../', import.meta.url)
const read = (path) => readFileSync(new URL(path, root), 'utf8')

const actions = {
  new_ticket: 'asks for a new ticket, a bounded number of times',
  wait: 'waits for Retry-After',
  stop: 'stops: a person has to do something',
}

/** Every generated document: its path and what it must be. */
async function documents() {
  return {
    'docs/refusals.md': refusalsDocument(),
    'docs/security/corpus.md': await corpusDocument(),
    'docs/protocol.md': withParts(read('docs/protocol.md'), {
      'zero ticket': zeroTicket(),
      'zero key': zeroKey(),
      'redis scripts': await redisScripts(),
      'postgres schema': code('sql', postgresSchema()),
      'postgres statements': await postgresStatements(),
      'postgres log': await postgresLog(),
      'redis directory': await redisDirectory(),
      'postgres directory': await postgresDirectory(),
    }),
    'docs/clients.md': withParts(read('docs/clients.md'), clientsParts()),
    'docs/gateway.md': withParts(read('docs/gateway.md'), {
      options: await gatewayOptions(),
      'store urls': await storeUrls(),
    }),
  }
}

function refusalsDocument() {
  return `<!-- Written by npm run docs from packages/wsticket/src/refusals.ts. -->
# Refusals

The private code is in the audit and nowhere else. The public code is what the wire says: as \`code\` of the problem document, and as
the reason of a close frame.

## The opening handshake

${table(refusals)}

## The ticket endpoint

The close code is what \`wsticket/client\` reports for a socket that never opened for want of a ticket.

${table(issueRefusals)}
`
}

function table(rows) {
  const lines = Object.entries(rows).map(
    ([code, { status, closeCode, publicCode, action }]) =>
      `| \`${code}\` | ${status} | ${closeCode} | \`${publicCode}\` | ${actions[action]} |`,
  )
  return ['| private code | HTTP | close code | public code | the client |', '|---|---|---|---|---|', ...lines].join(
    '\n',
  )
}

function zeroTicket() {
  return code('', idOfTicket(parseTicket(`wst_${'A'.repeat(43)}`)))
}

function zeroKey() {
  return code('', lockOfKey(parseKey(`wsk_${'A'.repeat(43)}`)))
}

/** @param {string} language @param {string} text */
function code(language, text) {
  return `\`\`\`${language}\n${text.trim()}\n\`\`\``
}

const scriptParameters = {
  insert: 'ARGV: the record, `expiresAt`, `expiresAt` + 120000',
  redeem: 'ARGV: the present, in milliseconds',
  read: 'ARGV: the present, in milliseconds',
  revoke: 'ARGV: the present, in milliseconds',
  claim:
    'ARGV: the present, the most, the id, `expiresAt`, 120000; it begins with none of those lines. Replies when the first ticket is over, as text, where there are as many already',
}

async function redisScripts() {
  const { claimScript, codes, createRedisScripts } = await import('../packages/wsticket/dist/redis-scripts.js')
  const replies = Object.entries(codes).map(([name, reply]) => `${reply} ${name}`)
  const scripts = Object.entries(createRedisScripts('required'))
  const claim = `**claim**, on the key of a subject. ${scriptParameters.claim}.\n\n${code('lua', claimScript.text)}`
  const beginning = commonBeginning(scripts.map(([, { text }]) => text))
  const rests = scripts.map(
    ([name, { text }]) => `**${name}.** ${scriptParameters[name]}.\n\n${code('lua', text.slice(beginning.length))}`,
  )
  return `\nThe integers that they reply: ${replies.join(', ')}. Those on tickets begin with these lines:\n\n${code('lua', beginning)}\n\n${rests.join('\n\n')}\n\n${claim}\n`
}

/** What all texts begin with, up to an empty line. @param {string[]} texts */
function commonBeginning([first, ...others]) {
  const ends = Array.from(first.matchAll(/\n\n/g), ({ index }) => first.slice(0, index + 1))
  return ends.findLast((beginning) => others.every((text) => text.startsWith(beginning)))
}

const statementParameters = {
  insert: '`$1` the id, `$2` the record, `$3` its `expiresAt`; SQLSTATE 23505 where the id is known',
  redeem:
    '`$1` the id, `$2` the present; no row where it is not redeemed. Then **read**, with the same present, tells why: `redeemed` is **spent**, and `pending` is **unknown**, for it was issued in between',
  revoke: '`$1` the id, `$2` the present; no row where there was nothing to void',
  read: '`$1` the id, `$2` the present; no row for an unknown ticket',
  claim:
    '`$1` the row of the subject, `$2` the id, `$3` its `expiresAt`, `$4` the present, `$5` the most; no row where there are as many already',
  firstOver: '`$1` the row of the subject, `$2` the present',
  giveBack: '`$1` the row of the subject, `$2` the id',
  sweep:
    '`$1` the present, less a margin of a minute. Nothing else removes rows: who issues runs it now and then (wsticket: every 10 seconds at most), and again where it says 1000',
}

async function postgresStatements() {
  const { createPostgresStatements } = await import('../packages/wsticket/dist/postgres-statements.js')
  const statements = Object.entries(createPostgresStatements('wsticket_tickets')).map(
    ([name, prepared]) => `**${name}.** ${statementParameters[name]}.\n\n${code('sql', prepared().text)}`,
  )
  return `\n${statements.join('\n\n')}\n`
}

const logStatementParameters = {
  append:
    '`$1` the nonce, `$2` the entry, `$3` 86400000, the milliseconds of a day. Drops up to 64 of the oldest that have an old one behind them',
  readFrom: '`$1` the id of the entry that was read last, `$2` the most, that entry included',
}

async function postgresLog() {
  const { createPostgresLogStatements, postgresLogSchema } = await import(
    '../packages/wsticket/dist/postgres-log-statements.js'
  )
  const statements = Object.entries(createPostgresLogStatements('wsticket_tickets_log')).map(
    ([name, prepared]) => `**${name}.** ${logStatementParameters[name]}.\n\n${code('sql', prepared().text)}`,
  )
  return `\n${[code('sql', postgresLogSchema()), ...statements].join('\n\n')}\n`
}

const directoryScriptParameters = {
  tellScript: [
    'tell',
    'ARGV: the node, until when its last word made it alive or nothing, until when this one does, the present, how many sessions it has, how many entries follow; of each its id, the digest of its subject and its text; then of each that is over its id and that digest. Replies `in_step` or `out_of_step`',
  ],
  listScript: [
    'list',
    'ARGV: the present; `i:`, or `s:` with the digest of a subject and a colon; the id behind which is read, or nothing; how many at the most. Replies the texts',
  ],
  countScript: ['count', 'ARGV: the present. Replies how many sessions the nodes have that are alive'],
}

async function redisDirectory() {
  const scripts = await import('../packages/wsticket/dist/redis-directory-scripts.js')
  const parts = Object.entries(directoryScriptParameters).map(
    ([script, [name, parameters]]) => `**${name}.** ${parameters}.\n\n${code('lua', scripts[script].text)}`,
  )
  return `\n${parts.join('\n\n')}\n`
}

const directoryStatementParameters = {
  tell: '`$1` the node, `$2` until when it is alive, `$3` the present, `$4` how many sessions it has, `$5` a JSON array of objects with `id`, `subject` (its digest) and `entry`, `$6` a JSON array of the ids of those that are over, `$7` until when its last word made it alive, or nothing',
  list: '`$1` the present, `$2` the id behind which is read, or nothing, `$3` how many at the most',
  listOf: 'The same, `$4` the digest of a subject',
  count: '`$1` the present',
  sweep: '`$1` the present. Nothing else removes what dead nodes have told: wsticket runs it every 10 seconds at most',
}

async function postgresDirectory() {
  const { createPostgresDirectoryStatements, postgresDirectorySchema } = await import(
    '../packages/wsticket/dist/postgres-directory-statements.js'
  )
  const statements = Object.entries(createPostgresDirectoryStatements('wsticket_tickets_on')).map(
    ([name, prepared]) => `**${name}.** ${directoryStatementParameters[name]}.\n\n${code('sql', prepared().text)}`,
  )
  return `\n${[code('sql', postgresDirectorySchema()), ...statements].join('\n\n')}\n`
}

async function gatewayOptions() {
  const { optionsMarkdown } = await import('../packages/gateway/dist/config/reference.js')
  return `\n${optionsMarkdown()}`
}

/** The document with each of its parts replaced. */
function withParts(document, parts) {
  return Object.entries(parts).reduce((written, [name, text]) => withPart(written, name, text), document)
}

async function storeUrls() {
  const { storeUrlsMarkdown } = await import('../packages/gateway/dist/config/store-urls.js')
  return `\n${storeUrlsMarkdown()}`
}

/** The document with what stands between the two comments of a part replaced. */
function withPart(document, name, text) {
  const begin = `<!-- ${name}: written by npm run docs -->`
  const end = `<!-- end of ${name} -->`
  const from = document.indexOf(begin)
  const to = document.indexOf(end)
  if (from < 0 || to < from) throw new Error(`a document lacks its part between "${begin}" and "${end}"`)
  return `${document.slice(0, from + begin.length)}\n${text}\n${document.slice(to)}`
}

const examples = ['one-process/server', 'two-machines/issuer'].map((name) => `examples/${name}.mjs`)

/** Lines of code in the README that no example has: an example is run, the README is not. */
function untestedLines() {
  const example = new Set(examples.flatMap((path) => read(path).split('\n')))
  const blocks = [...read('README.md').matchAll(/```js\n([\s\S]*?)```/g)].map((match) => match[1])
  return blocks
    .filter((block) => !block.includes('wsticket/client'))
    .flatMap((block) => block.split('\n'))
    .filter((line) => line !== '' && !example.has(line))
    .map((line) => `README.md: in none of the examples that it names: ${line}`)
}

/** Files and links that a document names and that are not there. */
function deadNames() {
  const sources = [...read('ARCHITECTURE.md').matchAll(/`([a-z-]+(?:\/[a-z-]+)?\.ts)`/g)]
    .map((match) => `packages/wsticket/src/${match[1]}`)
    .filter((path) => !existsSync(new URL(path, root)))
    .map((path) => `ARCHITECTURE.md: names ${path}, which is not there`)
  const pages = [
    'README.md',
    'ARCHITECTURE.md',
    'CONTRIBUTING.md',
    'SECURITY.md',
    'docs/library.md',
    'docs/clients.md',
    'docs/protocol.md',
    'docs/gateway.md',
    'docs/guarantees.md',
    'docs/benchmarks.md',
    'docs/security/corpus.md',
  ]
  const links = pages.flatMap((page) =>
    [...read(page).matchAll(/\](?:\(([^)#:]+)\)|: ([^\s#:]+)$)/gm)]
      .map((match) => match[1] ?? match[2])
      .filter((link) => !existsSync(new URL(link, new URL(page, root))))
      .map((link) => `${page}: links to ${link}, which is not there`),
  )
  return [...sources, ...links]
}

async function main() {
  const check = process.argv.includes('--check')
  const written = await documents()
  const stale = Object.entries(written).filter(
    ([path, text]) => !existsSync(new URL(path, root)) || read(path) !== text,
  )
  if (!check) for (const [path, text] of stale) writeFileSync(new URL(path, root), text)
  const faults = [...untestedLines(), ...deadNames()]
  if (check) faults.push(...stale.map(([path]) => `${path}: out of step with the code; run npm run docs`))
  for (const fault of faults) console.error(fault)
  if (faults.length === 0) console.log(check ? 'The documents are in step.' : `Written: ${stale.length}.`)
  process.exitCode = faults.length === 0 ? 0 : 1
}

if (process.argv[1] === fileURLToPath(import.meta.url)) await main()
