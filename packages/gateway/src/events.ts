/**
 * What the gateway reports: the library's audit events and its own, in a form that is safe to log and to show.
 * @module
 */
import type { AuditEvent, EpochMs, TicketId } from 'wsticket'

/**
 * Why there is no WebSocket to the upstream, or no event stream of it.
 * - `upstream_unreachable`: no connection, or it broke before an answer.
 * - `upstream_refused`: an answer other than 101; of an event stream, other than 200.
 * - `upstream_malformed`: a 101 that does not answer this handshake, a 200 that is no event stream, or a compressed one, or what is no HTTP (status null).
 * - `upstream_timeout`: no answer in time.
 * - `client_gone`: the client left before there was one.
 */
export type UpstreamFailure =
  | 'upstream_unreachable'
  | 'upstream_refused'
  | 'upstream_malformed'
  | 'upstream_timeout'
  | 'client_gone'

/** A handshake was admitted, its ticket is spent, and the upstream did not take it. */
export interface UpstreamFailed {
  readonly type: 'upstream_failed'
  readonly at: EpochMs
  readonly ticketId: TicketId
  readonly code: UpstreamFailure
  /** What the upstream answered instead of 101, or of a stream; null for no answer. */
  readonly status: number | null
}

/** Anything that the gateway reports. */
export type GatewayEvent = AuditEvent | UpstreamFailed

/** Takes the gateway's events. Synchronous. */
export type GatewayEventSink = (event: GatewayEvent) => void

const longestText = 256
// What a client may have put where it does not belong, such as a ticket in Origin.
const secret = /ws[tk]_[\w-]{8,}|eyJ[\w-]+\.[\w-]+\.[\w-]*/g

/**
 * The same event with its texts bounded, without anything that looks like a ticket, a key or a token, and without the query that a
 * client may have put into Origin.
 */
export function presentable<Event extends GatewayEvent>(event: Event): Event {
  const members = Object.entries(event).map(([name, value]) => [name, presentableValue(name, value)])
  return Object.fromEntries(members)
}

function presentableValue(name: string, value: unknown): unknown {
  // An id is no secret, and may look like one.
  if (typeof value !== 'string' || name === 'ticketId') return value
  const text = (name === 'origin' ? value.replace(/[?#].*/s, '') : value).replace(secret, '(secret)')
  return text.length > longestText ? `${text.slice(0, longestText)}...` : text
}
