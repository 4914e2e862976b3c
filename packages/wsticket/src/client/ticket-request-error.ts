/**
 * Why there is no ticket.
 * @module
 */
import type { ClientAction } from '../refusals.ts'

/** What a {@link TicketRequestError} says beside its message. */
export interface TicketRequestErrorInit {
  readonly code: string
  readonly closeCode: number
  readonly action: ClientAction
  /** Default null. */
  readonly status?: number | null | undefined
  /** Default null. */
  readonly retryAfterMs?: number | null | undefined
  /** What the caller's own `credential` or `ticketSource` threw, or what `fetch` did: never anything read from an answer. */
  readonly cause?: unknown
}

/**
 * A ticket request that failed. The message carries neither a credential nor a ticket. A `TicketSource` of one's own
 * throws it to choose the `code` and `closeCode` that the socket closes with; anything else that it throws means
 * `try_later`.
 */
export class TicketRequestError extends Error {
  override readonly name = 'TicketRequestError'
  /** HTTP status of the answer, 0 of a redirect in a browser; null where there was none: no network, no answer in time, nothing fit to be sent. */
  readonly status: number | null
  /** The public code, as in the problem document, and the reason that the socket closes with. */
  readonly code: string
  /** The code that the socket closes with. */
  readonly closeCode: number
  readonly action: ClientAction
  /** How long the answer asks to wait, in milliseconds; null where it does not say, or CORS does not expose it. */
  readonly retryAfterMs: number | null

  constructor(message: string, init: TicketRequestErrorInit) {
    super(message, 'cause' in init ? { cause: init.cause } : undefined)
    this.status = init.status ?? null
    this.code = init.code
    this.closeCode = init.closeCode
    this.action = init.action
    this.retryAfterMs = init.retryAfterMs ?? null
  }
}

/**
 * What a status means where the answer does not say. The rest is the rule that the table of refusals follows (refusals.ts), which is too
 * long to be sent to every page: 4000 + the status, and nothing but `rate_limited` is worth waiting for. Any other status is a `try_later`.
 */
const publicCodes: { readonly [status: number]: string | undefined } = {
  400: 'bad_request',
  401: 'invalid_token',
  403: 'forbidden',
  404: 'not_found',
  405: 'method_not_allowed',
  413: 'content_too_large',
  415: 'unsupported_media_type',
  429: 'rate_limited',
}

/** The error for something that cannot be decided now: no network, no answer in time, an answer that makes no sense. */
export function undecided(message: string, init: { status?: number; cause?: unknown } = {}): TicketRequestError {
  return errorLike(503, message, init)
}

/** The error for a credential that is not sent, because no endpoint could accept it. */
export function unfitCredential(code: 'credential_required' | 'invalid_token'): TicketRequestError {
  return errorLike(401, `No ticket was asked for: ${code}.`, { code })
}

/** The error for an answer other than 201. Reads its problem document (RFC 9457), if it is one. */
export async function refusalOfAnswer(response: Response): Promise<TicketRequestError> {
  const { status, headers } = response
  const said = readWord(((await readBody(response)) as { code?: unknown }).code)
  const retryAfter = headers.get('retry-after') ?? ''
  // A proxy knows nothing of the endpoint for as long as that is being deployed.
  const like = status === 404 && said === undefined ? 503 : status
  return errorLike(like, `The ticket endpoint answered ${status}${said === undefined ? '' : `, ${said}`}.`, {
    status,
    code: said,
    // RFC 9110 section 10.2.3. The other form, a date, needs a clock that agrees with the server's.
    retryAfterMs: /^\d{1,9}$/.test(retryAfter) ? Number(retryAfter) * 1000 : null,
  })
}

/** A code of the endpoint's: a word, for a close reason is short, and nothing that is secret looks like it. Undefined for anything else. */
export function readWord(code: unknown): string | undefined {
  return typeof code === 'string' && /^[a-z_]{1,40}$/.test(code) ? code : undefined
}

/** The body of an answer: empty where it is no JSON. */
export async function readBody(response: Response): Promise<object> {
  try {
    return ((await response.json()) as object | null) ?? {}
  } catch {
    // No cause: a JSON parser quotes what it could not read, which may be a ticket.
    return {}
  }
}

/** @param like the status that it means the same as */
function errorLike(
  like: number,
  message: string,
  init: Omit<TicketRequestErrorInit, 'code' | 'closeCode' | 'action'> & { readonly code?: string | undefined },
): TicketRequestError {
  const usual = publicCodes[like]
  const { code = usual ?? 'try_later' } = init
  const unusual = code === 'restarting' ? 1012 : 1013
  return new TicketRequestError(message, {
    ...init,
    code,
    closeCode: usual === undefined ? unusual : 4000 + like,
    action: usual === undefined || like === 429 ? 'wait' : 'stop',
  })
}
