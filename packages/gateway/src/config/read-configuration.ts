/**
 * From what was given to a configuration, or to everything that is wrong with it.
 * @module
 */
import { requireIssuerUrl } from 'wsticket/credentials/discovery'
import type { Configuration } from './configuration.ts'
import { collectGiven, type Environment, type Given, type GivenTexts } from './given.ts'
import type { Option, Reading } from './option.ts'
import { options, variableOf } from './options.ts'
import { refusalOf } from './refusal.ts'
import { refusalOfLifetimes, type Value } from './values.ts'

/** A configuration, or one line for each problem. */
export type ConfigurationOutcome =
  | { readonly configuration: Configuration }
  | { readonly problems: readonly [string, ...string[]] }

/** Reads flags and environment variables. Every problem is reported, not only the first. */
export function readConfiguration(args: readonly string[], environment: Environment): ConfigurationOutcome {
  const given = collectGiven(args, environment)
  const problems = [...given.problems]
  const members = Object.entries<Option<unknown>>(options).map(([member, option]) => {
    return [member, readOption(option, given.byFlag.get(option.flag), problems)]
  })
  // Each member was read by its own row of the table, which is typed by that member.
  const configuration = Object.fromEntries(members) as Configuration
  if (problems.length === 0) problems.push(...contradictions(configuration, given))
  problems.push(...missingOrigin(configuration))
  const [first, ...others] = problems
  return first === undefined ? { configuration } : { problems: [first, ...others] }
}

function readOption(option: Option<unknown>, given: GivenTexts | undefined, problems: string[]): unknown {
  const { flag, reading, help } = option
  if (given === undefined) {
    if (reading.kind === 'required') problems.push(`--${flag} (or ${variableOf(flag)}) is missing. ${help}`)
    return fallbackOf(reading)
  }
  const { source, texts } = given
  const read = texts.map((text) => readText(reading.value, text))
  for (const outcome of read) if ('problem' in outcome) problems.push(`${source} ${outcome.problem}`)
  const values = read.map((outcome) => ('value' in outcome ? outcome.value : undefined))
  return reading.kind === 'list' ? values : values[0]
}

function fallbackOf(reading: Reading<unknown>): unknown {
  if (reading.kind === 'list') return reading.fallback
  return reading.kind === 'optional' ? reading.value.parse(reading.fallback) : null
}

function readText(value: Value<unknown>, text: string): { readonly value: unknown } | { readonly problem: string } {
  const outcome = value.safeParse(text)
  if (outcome.success) return { value: outcome.data }
  return { problem: outcome.error.issues[0]?.message ?? 'cannot be understood' }
}

/** What is wrong only together. */
function contradictions(configuration: Configuration, { byFlag }: Given): string[] {
  const { issuer, jwksUrl, ticketLifetimeMs, maximumTicketLifetimeMs, carriers, nonBrowserClients } = configuration
  const problems: string[] = []
  const lifetimeProblem = refusalOfLifetimes(ticketLifetimeMs, maximumTicketLifetimeMs)
  if (lifetimeProblem !== null) {
    const { source } = byFlag.get('ticket-lifetime-ms') ??
      byFlag.get('maximum-ticket-lifetime-ms') ?? { source: '--ticket-lifetime-ms' }
    problems.push(`${source} ${lifetimeProblem}`)
  }
  if (nonBrowserClients === 'any_carrier' && carriers.includes('cookie')) {
    const { source } = byFlag.get('non-browser-clients') ?? { source: '--non-browser-clients' }
    problems.push(`${source} cannot be any_carrier with the carrier cookie, which needs an Origin`)
  }
  if (configuration.eventStreams === 'on' && !carriers.some((name) => /^(?:query|cookie|authorization)$/.test(name))) {
    const { source } = byFlag.get('event-streams') ?? { source: '--event-streams' }
    problems.push(`${source} cannot be on without the carrier query, cookie or authorization`)
  }
  if (configuration.drainWindowMs > configuration.drainDeadlineMs) {
    const { source } = byFlag.get('drain-window-ms') ??
      byFlag.get('drain-deadline-ms') ?? { source: '--drain-window-ms' }
    problems.push(`${source} cannot be: the window of a drain ends before its deadline`)
  }
  if (configuration.sessionDirectory === 'on' && configuration.store === 'memory:') {
    const { source } = byFlag.get('session-directory') ?? { source: '--session-directory' }
    problems.push(`${source} cannot be on without a --store that gateways share`)
  }
  const issuerProblem = jwksUrl === null ? refusalOf(() => requireIssuerUrl(issuer)) : null
  if (issuerProblem !== null) problems.push(`--issuer ${issuerProblem}; or give --jwks-url`)
  return problems
}

/** Read apart from the rest: it is the one that is most often forgotten. */
function missingOrigin({ origins, carriers }: Configuration): string[] {
  if (!Array.isArray(origins) || !Array.isArray(carriers)) return []
  if (origins.length > 0 || carriers.every((carrier) => carrier === 'authorization')) return []
  return [
    `--origin (or ${variableOf('origin')}) is missing: no page could connect. Where only programs do, say so with --carrier authorization.`,
  ]
}
