/**
 * Why there is no ticket.
 * @module
 */
import { type ClientAction, issueRefusals, type RefusalRow } from '../refusals.ts'

/** What a {@link TicketRequestError} says beside its message. */
export interface TicketRequestErrorInit {
  readonly code: string
  readonly closeCode: number
  readonly action: ClientAction
  /** Default null. */
  readonly status?: number | null
  /** Default null. */
  readonly retryAfterMs?: number | null
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
  /** HTTP status of the answer; null where there was none: no network, no answer in time, nothing fit to be sent. */
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

/** The row of a status whose answer has no code that we know, as from a proxy. Any other status is a `try_later`. */
const generalRows: readonly RefusalRow[] = [
  issueRefusals.request_malformed,
  issueRefusals.credential_invalid,
  issueRefusals.grant_denied,
  issueRefusals.route_unknown,
  issueRefusals.method_not_allowed,
  issueRefusals.body_too_large,
  issueRefusals.media_type_unsupported,
  issueRefusals.rate_limited,
]

/** The error for something that cannot be decided now: no network, no answer in time, an answer that makes no sense. */
export function undecided(message: string, init: { status?: number; cause?: unknown } = {}): TicketRequestError {
  return errorOfRow(issueRefusals.issue_unavailable, message, init)
}

/** The error for a credential that is not sent, because no endpoint could accept it. */
export function unfitCredential(code: 'credential_missing' | 'credential_malformed'): TicketRequestError {
  const row = issueRefusals[code]
  return errorOfRow(row, `No ticket was asked for: ${row.publicCode}. ${row.detail}`, {})
}

/** The error for an answer other than 201. Reads its problem document (RFC 9457), if it is one. */
export async function refusalOfAnswer(response: Response): Promise<TicketRequestError> {
  const { status } = response
  const row = rowOf(status, await problemCode(response))
  return errorOfRow(row, `The ticket endpoint answered ${status}: ${row.publicCode}. ${row.detail}`, {
    status,
    retryAfterMs: retryAfterMs(response.headers.get('retry-after')),
  })
}

function errorOfRow(
  { publicCode, closeCode, action }: RefusalRow,
  message: string,
  init: Pick<TicketRequestErrorInit, 'status' | 'retryAfterMs' | 'cause'>,
): TicketRequestError {
  return new TicketRequestError(message, { ...init, code: publicCode, closeCode, action })
}

function rowOf(status: number, publicCode: unknown): RefusalRow {
  const rows: readonly RefusalRow[] = Object.values(issueRefusals)
  return (
    rows.find((row) => row.status === status && row.publicCode === publicCode) ??
    generalRows.find((row) => row.status === status) ??
    issueRefusals.issue_unavailable
  )
}

async function problemCode(response: Response): Promise<unknown> {
  try {
    const problem: unknown = await response.json()
    return (problem as { code?: unknown } | null)?.code
  } catch {
    return undefined
  }
}

// RFC 9110 section 10.2.3. The other form, a date, needs a clock that agrees with the server's.
function retryAfterMs(header: string | null): number | null {
  return header !== null && /^\d{1,9}$/.test(header) ? Number(header) * 1000 : null
}
