/**
 * One opening handshake as a client that is not a browser would send it, against this very gateway, and everything that came
 * back. A browser can neither see the answer to a refused handshake, nor choose its Origin or its address.
 * @module
 */
import { randomBytes } from 'node:crypto'
import { type IncomingMessage, request as requestHttp } from 'node:http'
import { text } from 'node:stream/consumers'
import { z } from 'zod'
import { type GatewayEvent, presentable } from '../events.ts'
import { type HeaderLine, headerLines } from '../header-lines.ts'
import { problem, responseOf } from '../problems.ts'
import type { Witness } from './witness.ts'

/** What is to be tried. */
export interface Attempt {
  /** Sent as it is, well formed or not. */
  readonly ticket: string
  /** Null for no Origin; undefined for the gateway's own. */
  readonly origin?: string | null | undefined
  /** A loopback address of this machine to connect from. */
  readonly fromAddress?: string | undefined
}

/** What was sent, what came back, and why. */
export interface AttemptReport {
  readonly sent: readonly string[]
  readonly received: readonly string[]
  readonly admitted: boolean
  readonly status: number
  readonly event: GatewayEvent | null
}

/** Where attempts go. */
export interface AttemptTarget {
  /** The gateway's own: `http://127.0.0.1:8080`. */
  readonly origin: string
  readonly path: string
  readonly witness: Witness
}

/** The body of a request for an attempt. What HTTP could not carry is refused. */
export const attemptRequest: z.ZodType<Attempt> = z.strictObject({
  ticket: z.string().regex(/^[\w!#$%&'*+.^`|~-]{1,200}$/, 'must be 1 to 200 characters that a subprotocol may have'),
  origin: z
    .string()
    .regex(/^[ -~]{1,200}$/, 'must be 1 to 200 characters of ASCII')
    .nullable()
    .optional(),
  fromAddress: z
    .ipv4('must be an IPv4 loopback address')
    .startsWith('127.', 'must be an IPv4 loopback address')
    .optional(),
})

const timeoutMs = 15_000

const failed = problem(502, 'attempt_failed', 'The gateway did not answer the attempt.')
const addressUnavailable = problem(409, 'address_unavailable', 'This machine has no such address to connect from.')

const shownTicketCharacters = 8

/** Makes an attempt, and answers with its report. */
export async function answerAttempt(attempt: Attempt, target: AttemptTarget): Promise<Response> {
  try {
    return Response.json(await runAttempt(attempt, target))
  } catch (error) {
    const hasAddress = (error as NodeJS.ErrnoException).code !== 'EADDRNOTAVAIL'
    return responseOf(hasAddress ? failed : addressUnavailable)
  }
}

/** Makes an attempt. A WebSocket that opens is closed at once. */
async function runAttempt(attempt: Attempt, target: AttemptTarget): Promise<AttemptReport> {
  const lines = requestLines(attempt, new URL(target.origin))
  const { response, body, event } = await exchange(lines, attempt.fromAddress, target)
  const status = response.statusCode as number
  const masked = `${attempt.ticket.slice(0, shownTicketCharacters)}…`
  const sent = [`GET ${target.path} HTTP/1.1`, ...shown(lines)]
  const received = [`HTTP/1.1 ${status} ${response.statusMessage}`, ...shown(headerLines(response.rawHeaders))]
  return {
    sent: sent.map((line) => line.replaceAll(attempt.ticket, masked)),
    received: body === '' ? received : [...received, '', body],
    admitted: status === 101,
    status,
    event: event === null ? null : presentable(event),
  }
}

function requestLines({ ticket, origin }: Attempt, gateway: URL): HeaderLine[] {
  return [
    ['Host', gateway.host],
    ['Connection', 'Upgrade'],
    ['Upgrade', 'websocket'],
    ['Sec-WebSocket-Version', '13'],
    ['Sec-WebSocket-Key', randomBytes(16).toString('base64')],
    ['Sec-WebSocket-Protocol', `wsticket.v1, ${ticket}`],
    ...(origin === null ? [] : [['Origin', origin ?? gateway.origin] as const]),
  ]
}

interface Exchange {
  readonly response: IncomingMessage
  readonly body: string
  readonly event: GatewayEvent | null
}

function exchange(lines: HeaderLine[], fromAddress: string | undefined, target: AttemptTarget): Promise<Exchange> {
  const { origin, path, witness } = target
  const from = fromAddress === undefined ? {} : { localAddress: fromAddress }
  const request = requestHttp(new URL(path, origin), { headers: lines.flat(), agent: false, ...from })
  return new Promise((resolve, reject) => {
    let takeEvent = (): GatewayEvent | null => null
    const answer = (response: IncomingMessage, body: string) => resolve({ response, body, event: takeEvent() })
    request.setTimeout(timeoutMs, () => request.destroy(new Error('no answer')))
    request.on('error', reject)
    request.once('close', () => takeEvent())
    request.once('socket', (socket) =>
      socket.once('connect', () => {
        takeEvent = witness.expect(socket.localAddress as string, socket.localPort as number)
      }),
    )
    request.once('upgrade', (response, socket) => {
      socket.destroy()
      answer(response, '')
    })
    request.once('response', (response) => {
      text(response).then((body) => answer(response, body), reject)
    })
    request.end()
  })
}

function shown(lines: readonly HeaderLine[]): string[] {
  return lines.map(([name, value]) => `${name}: ${value}`)
}
