/**
 * `wsticket-gateway sessions`: who is on, and the end of that. Whoever may use the engine may use this.
 * @module
 */
import { parseArgs } from 'node:util'
import {
  ConfigurationError,
  createSessions,
  type DirectoryEntry,
  type SessionSelector,
  StoreError,
  systemClock,
} from 'wsticket'
import { openSessionDirectory, openSessionLog, requireStoreUrl } from 'wsticket/open-store'
import type { Environment } from '../config/given.ts'
import { refusalOf } from '../config/refusal.ts'
import { complain, fail, tell } from './verb.ts'

const usage =
  'sessions takes: list [url] [--subject s], or end [url] with one of --id, --subject, --audience and --everything; sessions --help says more'

/** Lists or ends sessions on the engine that the URL names, or WSTICKET_STORE. */
export async function sessions(args: readonly string[], { WSTICKET_STORE = '' }: Environment): Promise<number> {
  if (args.includes('--help') || args.includes('-h')) return (await import('./help.ts')).help(['sessions'])
  const asked = readArguments(args)
  if (asked === null) return complain(usage)
  const { url = WSTICKET_STORE } = asked
  if (url === '') return complain('sessions needs the URL of a store, as an argument or in WSTICKET_STORE')
  const problem = refusalOf(() => requireStoreUrl(url))
  if (problem !== null) return complain(`The URL of the store ${problem}`)
  // Another process would be asked about a memory of its own.
  if (url.startsWith('memory:'))
    return complain('There is nothing to ask: sessions in memory: are those of one process')
  try {
    return await (asked.verb === 'list' ? list(url, asked.subject) : end(url, asked.selector))
  } catch (error) {
    if (error instanceof ConfigurationError && error.option === 'selector')
      return complain('An id has 43 letters, digits, _ and -, as list prints it; a subject is the issuer, # and a name')
    if (error instanceof ConfigurationError) return fail(`This store cannot be used: ${error.message}`)
    if (error instanceof StoreError) return fail(`The engine cannot be asked now: ${error.message}`)
    throw error
  }
}

/** What was asked for. */
type Asked = { readonly url: string | undefined } & (
  | { readonly verb: 'list'; readonly subject: DirectoryEntry['subject'] | null }
  | { readonly verb: 'end'; readonly selector: SessionSelector }
)

/** Null for what nobody can ask. */
function readArguments(args: readonly string[]): Asked | null {
  try {
    const { values, positionals } = parseArgs({ args: withIds(args), options, allowPositionals: true })
    const [verb, url, ...strangers] = positionals
    const { subject } = values
    const [kind, ...others] = Object.keys(values)
    if (strangers.length > 0 || others.length > 0) return null
    if (verb === 'list' && (kind === undefined || subject !== undefined))
      return { url, verb, subject: (subject ?? null) as DirectoryEntry['subject'] | null }
    return verb === 'end' && kind !== undefined ? { url, verb, selector: selectorOf(values) } : null
  } catch {
    return null
  }
}

// One of 64 begins so, and would be taken for an option.
const dashedId = /^-[\w-]{42}$/

/** With an id of that kind as part of its option. */
function withIds(args: readonly string[]): string[] {
  const joined: string[] = []
  for (const arg of args)
    if (joined.at(-1) === '--id' && dashedId.test(arg)) joined.splice(-1, 1, `--id=${arg}`)
    else joined.push(arg)
  return joined
}

const options = {
  id: { type: 'string' },
  subject: { type: 'string' },
  audience: { type: 'string' },
  everything: { type: 'boolean' },
} as const

interface Named {
  readonly id?: string | undefined
  readonly subject?: string | undefined
  readonly audience?: string | undefined
}

/** Of one who is named; all where nobody is. What is no id, or no subject, the log refuses. */
function selectorOf({ id, subject, audience }: Named): SessionSelector {
  if (id !== undefined) return { kind: 'session', id: id as DirectoryEntry['id'], subject: null }
  if (subject !== undefined) return { kind: 'subject', subject: subject as DirectoryEntry['subject'] }
  return audience === undefined ? { kind: 'everything' } : { kind: 'audience', audience }
}

const pageSize = 500

// Somebody else has chosen what a subject is called, and a terminal obeys some of these.
const unprintable = /[\u007f-\u009f\u200e\u200f\u2028-\u202e\u2066-\u2069]/g

function lineOf(entry: DirectoryEntry): string {
  const escaped = (character: string) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`
  return `${JSON.stringify(entry).replace(unprintable, escaped)}\n`
}

/** One line of JSON for each, in the order of their ids. */
async function list(url: string, subject: DirectoryEntry['subject'] | null): Promise<number> {
  const directory = await openSessionDirectory(url)
  let isRead = true
  process.stdout.on('error', () => {
    isRead = false
  })
  try {
    if ((await directory.count(systemClock())) === 0)
      tell('Nobody is on, or no gateway keeps a directory here: --session-directory on')
    for (let after: DirectoryEntry['id'] | null = null; ; ) {
      const page: readonly DirectoryEntry[] = await directory.list({ subject, after, most: pageSize }, systemClock())
      for (const entry of page) process.stdout.write(lineOf(entry))
      const last = page.at(-1)
      if (last === undefined || page.length < pageSize || !isRead) return 0
      after = last.id
    }
  } finally {
    await directory.close()
  }
}

async function end(url: string, selector: SessionSelector): Promise<number> {
  const log = await openSessionLog(url)
  const registry = createSessions({ log })
  try {
    await registry.revoke(selector)
    tell(
      'It is in the log: tickets that were issued until now are void, and their sessions end within a second, on every node that follows it.',
    )
    return 0
  } finally {
    registry.close()
    await log.close()
  }
}
