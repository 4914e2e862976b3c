/**
 * `wsticket-gateway store check`: whether an engine is good for tickets.
 * @module
 */
import { parseArgs } from 'node:util'
import { ConfigurationError, StoreError } from 'wsticket'
import { requireStoreUrl } from 'wsticket/open-store'
import type { Environment } from '../config/given.ts'
import { refusalOf } from '../config/refusal.ts'
import { checkStore } from '../store-check/check-store.ts'
import { reportText } from '../store-check/report.ts'
import { untilToldToStop } from './until-told-to-stop.ts'
import { complain, fail, tell } from './verb.ts'

/** Checks the store that the URL names, or WSTICKET_STORE. */
export async function store(args: readonly string[], { WSTICKET_STORE = '' }: Environment): Promise<number> {
  if (args.includes('--help') || args.includes('-h')) return (await import('./help.ts')).help(['store'])
  const asked = readArguments(args)
  if (asked === null) return complain('store takes: check [url] [--json] [--tickets n]; store --help says more')
  const { url = WSTICKET_STORE } = asked
  if (url === '') return complain('store check needs the URL of a store, as an argument or in WSTICKET_STORE')
  const problem = refusalOf(() => requireStoreUrl(url))
  return problem === null ? check(url, asked) : complain(`The URL of the store ${problem}`)
}

/** What was asked for. */
interface Asked {
  readonly url: string | undefined
  readonly json: boolean
  /** How many are raced for. */
  readonly tickets: number
}

const mostTickets = 1_000_000

/** Null for what nobody can ask. */
function readArguments(args: readonly string[]): Asked | null {
  try {
    const { values, positionals } = parseArgs({
      args: [...args],
      options: { json: { type: 'boolean', default: false }, tickets: { type: 'string', default: '1000' } },
      allowPositionals: true,
    })
    const [verb, url, ...strangers] = positionals
    const tickets = Number(values.tickets)
    const isCount = /^[1-9]\d*$/.test(values.tickets) && tickets <= mostTickets
    return verb === 'check' && strangers.length === 0 && isCount ? { url, json: values.json, tickets } : null
  } catch {
    return null
  }
}

async function check(url: string, { json, tickets }: Asked): Promise<number> {
  const stop = new AbortController()
  void untilToldToStop().then(() => stop.abort())
  tell('Checking the store. This takes from a few seconds to a minute.')
  try {
    const report = await checkStore(url, tickets, stop.signal)
    process.stdout.write(json ? `${JSON.stringify(report)}\n` : reportText(report))
    return report.objections.length === 0 ? 0 : 1
  } catch (error) {
    if (error instanceof ConfigurationError) return fail(`This store cannot be used: ${error.message}`)
    if (error instanceof StoreError) return fail(`This store cannot be checked now: ${error.message}`)
    throw error
  }
}
