/**
 * `serve` as a process of its own, with a real identity provider.
 */
import { expect, onTestFinished } from 'vitest'
import { startDevelopmentServer } from '../../src/development/development-server.ts'
import { origin } from '../gateway-under-test.ts'
import { startEcho } from '../upstreams.ts'
import { addressOf, type Program, start } from './program.ts'

export interface Issuer {
  readonly issuer: string
  token(subject?: string): Promise<string>
}

/** A real identity provider: where it is, and tokens of its. */
export async function startIssuer(): Promise<Issuer> {
  const nowhere = new URL('file:///nowhere/')
  const server = await startDevelopmentServer({
    port: 0,
    upstream: 'ws://127.0.0.1:9',
    playground: nowhere,
    library: nowhere,
    onEvent: () => {},
  })
  onTestFinished(() => server.close())
  return {
    issuer: `${server.url}/dev`,
    async token(subject = 'alice') {
      const body = JSON.stringify({ subject })
      const headers = { 'content-type': 'application/json' }
      const response = await fetch(`${server.url}/dev/token`, { method: 'POST', body, headers })
      return ((await response.json()) as { access_token: string }).access_token
    },
  }
}

export interface Served {
  readonly program: Program
  readonly url: string
  readonly port: number
  /** Asks for a ticket, and expects to get one. */
  ticket(subject?: string): Promise<string>
  /** Asks for a ticket. */
  ask(subject?: string): Promise<Response>
}

export interface Settings {
  /** Default: one that sends back what it gets. */
  readonly upstream?: string
  readonly flags?: readonly string[]
  readonly environment?: Record<string, string>
  /** Default: one of its own. */
  readonly issuer?: Issuer
}

/** Starts `serve`, and waits until it listens. */
export async function startServing(settings: Settings = {}): Promise<Served> {
  const { upstream = (await startEcho()).url, flags = [], environment = {}, issuer = await startIssuer() } = settings
  const tokens = ['--issuer', issuer.issuer, '--token-audience', 'wsticket-development']
  const service = ['--audience', 'chat', '--origin', origin, '--upstream', upstream]
  const program = start(['serve', '--listen', '127.0.0.1:0', ...tokens, ...service, ...flags], environment)
  const { url, port } = await addressOf(program)
  const ask = async (subject?: string) => askForTicket(url, await issuer.token(subject))
  return { program, url, port, ask, ticket: async (subject) => ticketOf(await ask(subject)) }
}

/** Asks for a ticket. */
export function askForTicket(url: string, token: string): Promise<Response> {
  return fetch(`${url}/tickets`, { method: 'POST', headers: { authorization: `Bearer ${token}` } })
}

/** The ticket of an answer, which must have one. */
export async function ticketOf(response: Response): Promise<string> {
  expect(response.status).toBe(201)
  return ((await response.json()) as { ticket: string }).ticket
}
