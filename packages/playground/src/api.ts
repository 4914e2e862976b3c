/**
 * The gateway's HTTP interface, as this page uses it. Secrets stay in what is returned for the program; what is returned for
 * the eye, the `Exchange`, has them masked.
 * @module
 */
import type { AuditEvent } from 'wsticket'
import { maskSecrets } from './masks.ts'

/** What went over the wire, line by line, with secrets masked. */
export interface Exchange {
  readonly sent: readonly string[]
  readonly received: readonly string[]
  readonly status: number
}

/** A ticket, as `POST /tickets` gives it. */
export interface Ticket {
  readonly ticket: string
  readonly id: string
  /** Seconds. */
  readonly expiresIn: number
}

/** What a ticket is asked for with, besides the token. */
export interface TicketWish {
  readonly audience?: string
  readonly lock?: string
}

/** The answer of `POST /tickets`. */
export interface TicketAnswer {
  readonly exchange: Exchange
  /** Null where it was refused. */
  readonly ticket: Ticket | null
}

/** A handshake that the server performed for this page, and how the audit saw it. */
export interface Attempt extends Exchange {
  readonly admitted: boolean
  readonly event: AuditEvent | null
}

/** What a handshake pretends. */
export interface Pretence {
  readonly origin?: string
  readonly fromAddress?: string
}

/**
 * Signs in at the development identity provider.
 * @param expiresIn seconds; the provider has a default
 * @throws Error with a sentence for the user
 */
export async function requestToken(subject: string, expiresIn?: number): Promise<string> {
  const body = expiresIn === undefined ? { subject } : { subject, expires_in: expiresIn }
  const response = await post('/dev/token', body)
  const answer = await readObject(response)
  if (response.ok && typeof answer.access_token === 'string') return answer.access_token
  throw new Error(`The identity provider answered ${describeProblem(response, answer)}`)
}

/** Asks for a ticket. A refusal is an answer like any other. */
export async function requestTicket(token: string, wish: TicketWish = {}): Promise<TicketAnswer> {
  const body = Object.keys(wish).length === 0 ? null : wish
  const response = await post('/tickets', body, { authorization: `Bearer ${token}` })
  const sent = ['POST /tickets HTTP/1.1', `Host: ${location.host}`, `Authorization: Bearer ${token}`]
  const sentBody = body === null ? [] : ['Content-Type: application/json', '', JSON.stringify(body)]
  const received = await receivedLines(response.clone())
  const exchange = { sent: [...sent, ...sentBody].map(maskSecrets), received, status: response.status }
  return { exchange, ticket: await readTicket(response) }
}

/**
 * Has the server knock on its own door, with an Origin and from an address that no browser could choose.
 * @throws Error with a sentence for the user
 */
export async function attemptHandshake(ticket: string, pretence: Pretence = {}): Promise<Attempt> {
  const response = await post('/dev/attempt', { ticket, ...pretence })
  const answer = await readObject(response)
  if (!response.ok) throw new Error(`The attempt could not be made: ${describeProblem(response, answer)}`)
  const attempt = answer as unknown as Attempt
  return { ...attempt, sent: attempt.sent.map(maskSecrets), received: attempt.received.map(maskSecrets) }
}

/** Reads the ticket of an answer of `POST /tickets`; null where there is none. */
export async function readTicket(response: Response): Promise<Ticket | null> {
  const { ticket, id, expires_in: expiresIn } = await readObject(response)
  const complete = typeof ticket === 'string' && typeof id === 'string' && typeof expiresIn === 'number'
  return response.status === 201 && complete ? { ticket, id, expiresIn } : null
}

/** The status line, headers and body of an answer, masked. */
export async function receivedLines(response: Response): Promise<readonly string[]> {
  const headers = Array.from(response.headers, ([name, value]) => `${titleCase(name)}: ${value}`)
  const body = await response.text()
  const lines = [`HTTP/1.1 ${response.status} ${response.statusText}`, ...headers, '', body]
  return lines.map(maskSecrets)
}

/** The public code in the body of an answer (RFC 9457); null where it has none. */
export function publicCodeOf({ received }: Exchange): string | null {
  const body = received.findLast((line) => line.startsWith('{'))
  return body?.match(/"code"\s*:\s*"([a-z_]+)"/)?.[1] ?? null
}

function post(path: string, body: object | null, headers: Record<string, string> = {}): Promise<Response> {
  if (body === null) return fetch(path, { method: 'POST', headers })
  const json = { ...headers, 'content-type': 'application/json' }
  return fetch(path, { method: 'POST', headers: json, body: JSON.stringify(body) })
}

async function readObject(response: Response): Promise<Record<string, unknown>> {
  try {
    const answer: unknown = await response.json()
    return typeof answer === 'object' && answer !== null ? (answer as Record<string, unknown>) : {}
  } catch {
    return {}
  }
}

function describeProblem(response: Response, { code, detail }: Record<string, unknown>): string {
  const told = [response.status, code].filter(Boolean).join(' ')
  return typeof detail === 'string' ? `${told}. ${detail}` : `${told}.`
}

function titleCase(name: string): string {
  return name.replace(/^www|(?:^|-)[a-z]/g, (start) => start.toUpperCase())
}
