/**
 * What the cases of the adapter suite do again and again on their stage.
 * @module
 */
import type { CarrierName } from '../carrier.ts'
import type { IssuedTicket } from '../issuer.ts'
import type { ConnectionView } from './adapter-harness.ts'
import { origin as listedOrigin, type Stage } from './adapter-stage.ts'
import { ConformanceFailure, expectSame, expectThat } from './conformance-case.ts'
import { headerOf, type RawClient, type RawClientOptions, type RawResponse } from './raw-client.ts'
import { handshakeTo, isAcceptance, type RawHandshake, serialize } from './raw-handshake.ts'
import { closeCodeOf, type Frame, opcodes, textFrame } from './websocket-frame.ts'

/** How a ticket is presented, and the key of a locked one shown. */
export interface Presentation {
  /** Default `subprotocol`. */
  readonly carrier?: CarrierName
  /** Default: the listed one, or none with the carrier `authorization`, as its clients do. Null for none. */
  readonly origin?: string | null
  /** What is shown as keys, in the same carrier, or as subprotocols beside a cookie. Default none. */
  readonly keys?: readonly string[]
  /** Subprotocols that are offered before ours. */
  readonly protocols?: readonly string[]
  /** Further header lines. */
  readonly lines?: readonly string[]
}

/** A well-formed handshake that presents a ticket. */
export function presenting(
  stage: Stage,
  { ticket }: Pick<IssuedTicket, 'ticket'>,
  how: Presentation = {},
): RawHandshake {
  const { carrier = 'subprotocol', keys = [], protocols = [], lines = [] } = how
  const origin = how.origin === undefined ? (carrier === 'authorization' ? null : listedOrigin) : how.origin
  const url = stage.server.wsUrl
  const offered = [...protocols, ...offeredAs(carrier, ticket, keys)]
  const all = [
    ...(offered.length === 0 ? [] : [`Sec-WebSocket-Protocol: ${offered.join(', ')}`]),
    ...(carrier === 'authorization' ? [`Authorization: Ticket ${[ticket, ...keys].join('.')}`] : []),
    ...(carrier === 'cookie' ? [`Cookie: __Host-wsticket=${ticket}`] : []),
    ...lines,
  ]
  const query = [`?ticket=${ticket}`, ...keys.map((key) => `key=${key}`)].join('&')
  const target = new URL(url).pathname + (carrier === 'query' ? query : '')
  return handshakeTo({ url, origin, target, lines: all })
}

/** The subprotocols of ours. */
function offeredAs(carrier: CarrierName, ticket: string, keys: readonly string[]): readonly string[] {
  if (carrier === 'subprotocol') return ['wsticket.v1', ticket, ...keys]
  return carrier === 'cookie' && keys.length > 0 ? ['wsticket.v1', ...keys] : []
}

/** Connects, and sends a handshake with whatever shall arrive along with it. */
export async function send(
  stage: Stage,
  handshake: RawHandshake,
  along: { readonly frames?: Uint8Array; readonly client?: Partial<RawClientOptions> } = {},
): Promise<RawClient> {
  const client = await stage.connect(along.client)
  client.send(Buffer.concat([Buffer.from(serialize(handshake), 'latin1'), along.frames ?? Buffer.alloc(0)]))
  return client
}

/** Opens a WebSocket with a new ticket. */
export async function open(stage: Stage, how: Presentation = {}): Promise<RawClient> {
  const client = await send(stage, presenting(stage, await stage.issue(), how))
  await expectAdmitted(client)
  return client
}

/** The server answers with 101. Returns the answer. */
export async function expectAdmitted(client: RawClient): Promise<RawResponse> {
  const response = await client.readHead()
  expectSame('the status', response.status, 101)
  expectThat(isAcceptance(response), 'the 101 should accept the key that was sent')
  return response
}

/** The subprotocol that a 101 selects; null for none. */
export function selectedProtocol(response: RawResponse): string | null {
  return headerOf(response, 'sec-websocket-protocol')
}

/** The server answers with a problem document of this status and code, and closes the connection. Returns the answer. */
export async function expectRefused(client: RawClient, status: number, code: string): Promise<RawResponse> {
  const response = await client.readResponse()
  expectSame('the status', response.status, status)
  expectProblem(response, code)
  const rest = await client.readToEnd()
  expectSame('the number of bytes after the refusal', rest.length, 0)
  return response
}

/** The response is a problem document (RFC 9457) that nobody keeps or takes for anything else. */
export function expectProblem(response: RawResponse, code: string): void {
  expectSame('the content type', headerOf(response, 'content-type'), 'application/problem+json')
  expectSame('Cache-Control', headerOf(response, 'cache-control'), 'no-store')
  expectSame('X-Content-Type-Options', headerOf(response, 'x-content-type-options'), 'nosniff')
  const problem = JSON.parse(response.body) as { status?: unknown; code?: unknown }
  expectSame('the status in the body', problem.status, response.status)
  expectSame('the code', problem.code, code)
}

/** The server refuses with some status from 400 to 499: which one is the business of whoever finds the fault first. */
export async function expectRejected(client: RawClient): Promise<void> {
  const { status } = await client.readHead()
  expectThat(status >= 400 && status <= 499, `the status should be from 400 to 499, not ${status}`)
}

/** A message reaches the application, and its answer the client. */
export async function expectEcho(client: RawClient, text = 'hello'): Promise<void> {
  client.send(textFrame(text))
  await expectText(client, `echo ${text}`)
}

/** Fails unless both lists have the same texts in the same order. */
export function expectList(what: string, actual: readonly string[], expected: readonly string[]): void {
  const [shown, wanted] = [actual, expected].map((list) => list.join(' | ')) as [string, string]
  if (shown !== wanted) throw new ConformanceFailure(`${what} should be "${wanted}", not "${shown}"`)
}

/** The next frame is this text. */
export async function expectText(client: RawClient, text: string): Promise<void> {
  const frame = await client.readFrame()
  expectSame('the opcode', frame.opcode, opcodes.text)
  expectSame('the message', frame.payload.toString(), text)
}

/** The next frame closes the WebSocket. Returns its code. */
export async function expectClose(client: RawClient): Promise<number> {
  const frame: Frame = await client.readFrame()
  expectSame('the opcode', frame.opcode, opcodes.close)
  return closeCodeOf(frame)
}

/** What the application sees of the handshake shows neither ticket nor key. */
export function expectSecretless({ target, headers, otherViews }: ConnectionView): void {
  const places = { 'the target': [target], 'the headers': headers.flat(), 'another view': otherViews }
  for (const [place, texts] of Object.entries(places)) {
    expectThat(!texts.some((text) => /ws[tk]_/.test(text)), `${place} should show neither ticket nor key`)
  }
}

/** The application has got so many WebSockets, and so many messages. */
export function expectReached(stage: Stage, connections: number, messages = 0): void {
  expectSame('the number of WebSockets that reached the application', stage.connections.length, connections)
  expectSame('the number of messages that reached the application', stage.messages.length, messages)
}

/** The ticket is in this state. */
export async function expectState(stage: Stage, issued: IssuedTicket, state: string): Promise<void> {
  expectSame('the state of the ticket', await stage.stateOf(issued), state)
}

/** A full exchange with another connection: what was sent before it on this one has been read by then. */
export async function serverHasHeard(stage: Stage): Promise<void> {
  const client = await stage.connect()
  client.send(`GET / HTTP/1.1\r\nHost: ${new URL(stage.server.httpUrl).host}\r\nConnection: close\r\n\r\n`)
  await client.readToEnd()
}
