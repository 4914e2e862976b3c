/**
 * What becomes of an opening handshake, and of a request for an event stream.
 * @module
 */
import type { MessageLimits } from './carrier.ts'
import type { Passage } from './handshake.ts'
import type { HttpAnswer } from './problem.ts'
import type { RefusalCode } from './refusals.ts'
import type { Detach, Session, SessionConnection } from './session.ts'

/** The handshake may be answered with 101. */
export interface AdmittedDecision {
  readonly kind: 'admitted'
  readonly session: Session
  /** What the application, or an upstream, gets to see: the handshake without the ticket and its key. */
  readonly passage: Passage
  /** `wsticket.v1` where the client offered it: selected if the application selects no subprotocol of its own. */
  readonly fallbackProtocol: string | null
  /** The value of a Set-Cookie that the 101 has to have: it clears the cookie that carried the ticket. Null for none. */
  readonly clearingCookie: string | null
  /**
   * To be called with the WebSocket once the 101 is sent: from then on the session ends in time, and when it is revoked. Returns what has
   * to be called when the connection is closed.
   */
  attach(connection: SessionConnection): Detach
  /**
   * To be called where there will be no WebSocket after all, so that its place is free at once and not half a minute later. May be called
   * whenever the connection is closed: once it is attached, nothing comes of it. Null where it takes no place over all nodes.
   */
  readonly abandon: (() => void) | null
}

/** The handshake must be answered with `refusalAnswer(code, retryAfterMs)`. */
export interface RefusedDecision {
  readonly kind: 'refused'
  readonly code: RefusalCode
  /** How long the client has to wait, in milliseconds, where a limit says so. */
  readonly retryAfterMs?: number
}

/** What came first on a WebSocket: a text message, or anything else, or nothing before the deadline or the end. */
export type FirstMessage =
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'malformed' }
  | { readonly kind: 'absent' }

/**
 * The handshake has to be answered with 101, and the first message decides. Until then nothing may reach the application, and nothing be
 * sent; what follows the first message is held back. Refused: close with the code and the public code of `refusals`.
 */
export interface AwaitMessageDecision {
  readonly kind: 'await_message'
  /** The subprotocol that the 101 has to select; null for none. It selects no extension. */
  readonly protocol: string | null
  /** What counts as a first message, from the 101 on. Traffic MUST NOT move the deadline. */
  readonly limits: MessageLimits
  /** Resolves where nobody is let in any more: what has not come whole by then is to count as nothing, at once. */
  readonly draining: Promise<void>
  /** MUST be called once, also where nothing came. Never throws and never rejects, as {@link Admission.admit}. */
  admit(message: FirstMessage): Promise<AdmittedDecision | RefusedDecision>
}

/** What becomes of a handshake. */
export type Decision = AdmittedDecision | RefusedDecision | AwaitMessageDecision

/** What becomes of a request for an event stream. */
export interface EventStreamDecision {
  readonly decision: AdmittedDecision | RefusedDecision
  /** Headers that the answer has to have, whichever it is: without them a page of another origin does not get to see it. */
  readonly cors: HttpAnswer['headers']
}
