/**
 * What a request was admitted by, kept with the request, for the application to ask.
 * @module
 */
import type { IncomingMessage } from 'node:http'
import type { AdmittedDecision } from '../admission.ts'
import type { Session } from '../session.ts'
import { narrowTo } from './incoming-message.ts'

// A property, not a WeakMap: it costs nothing at garbage collection, however many sockets live.
const decided: unique symbol = Symbol('wsticket.decision')

/** The decision by which a request was admitted; undefined for any other request. */
export function decisionOf(request: object): AdmittedDecision | undefined {
  return (request as { [decided]?: AdmittedDecision })[decided]
}

/**
 * The session that an admitted request opened: who is at the other end of the WebSocket.
 * @throws TypeError for a request that was not admitted here: there is nobody to trust.
 */
export function sessionOf(request: object): Session {
  const decision = decisionOf(request)
  if (decision === undefined) throw new TypeError('sessionOf() takes the request of an admitted handshake')
  return decision.session
}

/** Leaves of an admitted request what the application may see, and keeps the decision with it. */
export function bind(request: IncomingMessage, decision: AdmittedDecision): void {
  narrowTo(request, decision.passage)
  ;(request as { [decided]?: AdmittedDecision })[decided] = decision
}
