/**
 * Carrier `?ticket=wst_...`: works with every server and every client, and stands in every access log on the way. Off by
 * default; a ticket is short-lived and single-use so that this is bearable where nothing else works. A key is `&key=wsk_...`;
 * a parameter `key` that does not begin so is the application's own.
 * @module
 */
import type { Carrier } from '../carrier.ts'
import type { Passage } from '../handshake.ts'
import { parametersOf, valuesOf, withoutParameters } from '../query-parameters.ts'
import { keyParameter, keyPrefix, ticketParameter } from '../wire.ts'

/** Reads tickets and keys from the query, decoded once. Off by default. */
export const query: Carrier = {
  name: 'query',
  find: ({ target }) => valuesOf(ticketParameter, target),
  findKeys: ({ target }) => valuesOf(keyParameter, target).filter(isKeyLike),
  strip: ({ target, rawHeaders }) => ({ target: withoutParameters(isOurs, target), rawHeaders }),
}

/** The same passage without keys, where the ticket came elsewhere: a parameter `ticket` is then the application's own. */
export function withoutKeys({ target, rawHeaders }: Passage): Passage {
  return { target: withoutParameters(showsKey, target), rawHeaders }
}

function isKeyLike(value: string): boolean {
  return value.startsWith(keyPrefix)
}

function isOurs(pair: string): boolean {
  return parametersOf(pair).has(ticketParameter) || showsKey(pair)
}

function showsKey(pair: string): boolean {
  return parametersOf(pair).getAll(keyParameter).some(isKeyLike)
}
