/**
 * The body of a request for a ticket: nothing, or a JSON object with at most the member `audience`.
 * @module
 */
import type { IssueRefusalCode } from './refusals.ts'

const maxBodyBytes = 4096
const jsonType = /^application\/json(?:$|[ ;])/i

/** What a body asks for, or why it is refused. */
export type RequestedTicket = { readonly audience: string | null } | { readonly refusal: IssueRefusalCode }

/** Reads the body of a request, bounded. Anything that it does not know is refused. */
export async function readRequestedTicket(request: Request): Promise<RequestedTicket> {
  const { headers } = request
  const length = headers.get('content-length')
  if (length === '0' || (length === null && request.body === null)) return { audience: null }
  const bytes = await readBytes(request, Number(length ?? 0)).catch(() => undefined)
  // The client broke off: nobody is left to read the answer, and nothing of ours is at fault.
  if (bytes === undefined) return { refusal: 'request_malformed' }
  if (bytes === null) return { refusal: 'body_too_large' }
  if (bytes.length === 0) return { audience: null }
  if (!jsonType.test(headers.get('content-type') ?? '')) return { refusal: 'media_type_unsupported' }
  const audience = parseAudience(bytes)
  return audience === undefined ? { refusal: 'request_malformed' } : { audience }
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

/** The audience that a body names, null where it names none, undefined where it is no ticket request. */
function parseAudience(bytes: Uint8Array): string | null | undefined {
  let body: unknown
  try {
    body = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes))
  } catch {
    return undefined
  }
  if (typeof body !== 'object' || body === null || Array.isArray(body)) return undefined
  const { audience, ...others } = body as { audience?: unknown }
  if (Object.keys(others).length > 0) return undefined
  if (audience === undefined || audience === null) return null
  return typeof audience === 'string' && audience !== '' ? audience : undefined
}
