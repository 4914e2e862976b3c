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
import { refusalOf } from '../config/values.ts'
import { help } from './help.ts'
import { complain, fail, tell } from './verb.ts'

const usage =
  'sessions takes: list [url] [--subject s], or end [url] with one of --id, --subject, --audience and --everything; sessions --help says more'

/** Lists or ends sessions on the engine that the URL names, or WSTICKET_STORE. */
export async function sessions(args: readonly string[], { WSTICKET_STORE = '' }: Environment): Promise<number> {
  if (args.includes('--help') || args.includes('-h')) return help(['sessions'])
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
    if (error instanceof ConfigurationError) return fail(`This cannot be: ${error.message}`)
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
    const { values, positionals } = parseArgs({
      args: [...args],
      options: {
        id: { type: 'string' },
        subject: { type: 'string' },
        audience: { type: 'string' },
        everything: { type: 'boolean' },
      },
      allowPositionals: true,
    })
    const [verb, url, ...strangers] = positionals
    const named = Object.entries(values)
    if (strangers.length > 0 || named.length > 1) return null
    const [kind, value] = named[0] ?? []
    if (verb === 'list' && (kind === undefined || kind === 'subject'))
      return { url, verb, subject: (values.subject ?? null) as DirectoryEntry['subject'] | null }
    if (verb !== 'end' || kind === undefined) return null
    // What is no id, or no subject, the log refuses.
    const selector =
      kind === 'id'
        ? { kind: 'session', id: value, subject: null }
        : { kind, ...(kind !== 'everything' && { [kind]: value }) }
    return { url, verb, selector: selector as SessionSelector }
  } catch {
    return null
  }
}

const pageSize = 500

/** One line of JSON for each, in the order of their ids. */
async function list(url: string, subject: DirectoryEntry['subject'] | null): Promise<number> {
  const directory = await openSessionDirectory(url)
  try {
    for (let after: DirectoryEntry['id'] | null = null; ; ) {
      const page: readonly DirectoryEntry[] = await directory.list({ subject, after, most: pageSize }, systemClock())
      for (const entry of page) process.stdout.write(`${JSON.stringify(entry)}\n`)
      const last = page.at(-1)
      if (last === undefined || page.length < pageSize) return 0
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
