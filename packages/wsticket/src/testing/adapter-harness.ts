/**
 * Port: how an adapter is put before the suite `wsticket/testing/adapter-conformance`.
 * @module
 */
import type { Admission } from '../admission.ts'
import type { Session } from '../session.ts'
import type { TicketEndpoint } from '../ticket-endpoint.ts'
import type { ConformanceCase } from './conformance-case.ts'

/**
 * What a platform may be unable to do, whatever its adapter does.
 * - `raw_target`: it shows the request-target as it was sent.
 * - `raw_headers`: it keeps header lines apart and drops none.
 * - `http_version`: it tells HTTP/1.0 from HTTP/1.1.
 * - `peer_address`: it tells the address of the peer.
 * - `application_protocols`: the application chooses the subprotocol.
 * - `first_message`: it can read the first message, and close, before the application gets the WebSocket.
 * - `lingering_close`: it reads on after a refusal, so that no reset overtakes the answer (RFC 9112 section 9.6).
 */
export type AdapterCapability =
  | 'raw_target'
  | 'raw_headers'
  | 'http_version'
  | 'peer_address'
  | 'application_protocols'
  | 'first_message'
  | 'lingering_close'

/** An admitted WebSocket as its application sees it. */
export interface ConnectionView {
  /** What `sessionOf`, or its like, says. */
  readonly session: Session
  /** Path and query of the request. */
  readonly target: string
  /** Header lines of the request, in order. */
  readonly headers: readonly (readonly [name: string, value: string])[]
  /** Every other text in which the application can look at the request. */
  readonly otherViews: readonly string[]
}

/** The application behind the adapter. The harness calls it as the framework would call the user's code. */
export interface ConformanceApplication {
  /** Chooses among the subprotocols that it is shown; null for none. */
  selectProtocol(offered: readonly string[]): string | null
  /** To be called for every WebSocket that is handed to the application, before any of its messages. */
  connected(connection: ConnectionView): void
  /** To be called for every text message. What it returns is to be sent back as one. */
  received(text: string): string
}

/** What the server under test is made of. */
export interface ServerParts {
  readonly endpoint: TicketEndpoint
  readonly admission: Admission
  readonly application: ConformanceApplication
}

/** A server that listens. */
export interface ServerUnderTest {
  /** Where the ticket endpoint's server is: `http://127.0.0.1:1234`. */
  readonly httpUrl: string
  /** What a WebSocket is opened with: `ws://127.0.0.1:1234/ws`. */
  readonly wsUrl: string
  /** Stops listening, and resolves when the last connection is gone. MUST NOT cut one: that none is left is a check. */
  stop(): Promise<void>
}

/** Starts servers. MUST NOT reuse one: every case has its own, and several may run at a time. */
export interface AdapterHarness {
  /** Serves over real sockets, on a free port. MUST use the adapter exactly as its documentation tells users to. */
  start(parts: ServerParts): Promise<ServerUnderTest>
  /** What the platform cannot do, and where that is written. Default: nothing. */
  readonly lacks?: { readonly [capability in AdapterCapability]?: string }
  /** The longest that anything may take, in milliseconds. Default 8,000. A case that fails may take it twice: give your runner more. */
  readonly deadlineMs?: number
}

/** A case of the suite. */
export type AdapterCase = ConformanceCase<AdapterHarness, AdapterCapability>
