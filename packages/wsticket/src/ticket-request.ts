/**
 * The body of a request for a ticket: nothing, or a JSON object with at most the members `audience`, `lock` and `carrier`.
 * @module
 */
import { type Lock, parseLock } from './lock.ts'
import type { IssueRefusalCode } from './refusals.ts'

const maxBodyBytes = 4096
const jsonType = /^application\/json(?:$|[ ;])/i

/** What a body asks for; null where it does not say. */
export interface RequestedTicket {
  readonly audience: string | null
  readonly lock: Lock | null
  /** `cookie` where the ticket is to come in a cookie, and not in the body of the answer. */
  readonly carrier: 'cookie' | null
}

const anyTicket: RequestedTicket = { audience: null, lock: null, carrier: null }

/** Reads the body of a request, bounded: what it asks for, or why it is refused. Anything that it does not know is. */
export async function readRequestedTicket(
  request: Request,
): Promise<RequestedTicket | { readonly refusal: IssueRefusalCode }> {
  const { headers } = request
  const length = headers.get('content-length')
  if (length === '0' || (length === null && request.body === null)) return anyTicket
  const bytes = await readBytes(request, Number(length ?? 0)).catch(() => undefined)
  // The client broke off: nobody is left to read the answer, and nothing of ours is at fault.
  if (bytes === undefined) return { refusal: 'request_malformed' }
  if (bytes === null) return { refusal: 'body_too_large' }
  if (bytes.length === 0) return anyTicket
  if (!jsonType.test(headers.get('content-type') ?? '')) return { refusal: 'media_type_unsupported' }
  return parseRequested(bytes) ?? { refusal: 'request_malformed' }
}

/** The body; null where it is longer than a ticket request can be. */
async function readBytes({ body }: Request, announced: number): Promise<Uint8Array | null> {
  if (announced > maxBodyBytes) return null
  const bytes = new Uint8Array(maxBodyBytes)
  let length = 0
  for await (const chunk of body ?? []) {
    if (length + chunk.length > maxBodyBytes) return null
    bytes.set(chunk, length)
    length += chunk.length
  }
  return bytes.subarray(0, length)
}

/** What a body asks for; null where it is no ticket request. */
function parseRequested(bytes: Uint8Array): RequestedTicket | null {
  const body = parseObject(bytes)
  if (body === null) return null
  const { audience, lock, carrier, ...others } = body
  if (Object.keys(others).length > 0) return null
  const named = textOf(audience)
  const locked = textOf(lock)
  const carried = textOf(carrier)
  if (named === undefined || locked === undefined) return null
  if (carried !== null && carried !== 'cookie') return null
  const parsed = locked === null ? null : parseLock(locked)
  return locked !== null && parsed === null ? null : { audience: named, lock: parsed, carrier: carried }
}

function parseObject(bytes: Uint8Array): { readonly [member in keyof RequestedTicket]?: unknown } | null {
  try {
    const body: unknown = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes))
    return typeof body === 'object' && !Array.isArray(body) ? body : null
  } catch {
    return null
  }
}

/** The text of a member; null where it is left out, undefined where it is no text, or an empty one. */
function textOf(member: unknown): string | null | undefined {
  if (member === undefined || member === null) return null
  return typeof member === 'string' && member !== '' ? member : undefined
}
