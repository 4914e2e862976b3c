/**
 * Carrier `?ticket=wst_...`: works with every server and every client, and stands in every access log on the way. Off by
 * default; a ticket is short-lived and single-use so that this is bearable where nothing else works. A key is `&key=wsk_...`;
 * a parameter `key` that does not begin so is the application's own.
 * @module
 */
import { type Carrier, nothingPresented } from '../carrier.ts'
import type { Passage } from '../handshake.ts'
import { keyParameter, keyPrefix, ticketParameter } from '../wire.ts'

/** Reads tickets and keys from the query, decoded once. Off by default. */
export const query: Carrier = {
  name: 'query',
  find: ({ target }) => valuesOf(ticketParameter, target),
  findKeys: ({ target }) => valuesOf(keyParameter, target).filter(isKeyLike),
  strip: ({ target, rawHeaders }) => ({ target: without(isOurs, target), rawHeaders }),
}

/** The same passage without keys, where the ticket came elsewhere: a parameter `ticket` is then the application's own. */
export function withoutKeys({ target, rawHeaders }: Passage): Passage {
  return { target: without(showsKey, target), rawHeaders }
}

function valuesOf(name: string, target: string): readonly string[] {
  const mark = target.indexOf('?')
  return mark < 0 ? nothingPresented : parametersOf(target.slice(mark + 1)).getAll(name)
}

function isKeyLike(value: string): boolean {
  return value.startsWith(keyPrefix)
}

/** The constructor of URLSearchParams drops one leading `?`, which no server behind us does: it is part of the name. */
function parametersOf(text: string): URLSearchParams {
  return new URLSearchParams(`&${text}`)
}

function without(isOut: (pair: URLSearchParams) => boolean, target: string): string {
  const mark = target.indexOf('?')
  if (mark < 0) return target
  const kept = target
    .slice(mark + 1)
    .split('&')
    .filter((pair) => !isOut(parametersOf(pair)))
  return kept.length === 0 ? target.slice(0, mark) : `${target.slice(0, mark)}?${kept.join('&')}`
}

function isOurs(pair: URLSearchParams): boolean {
  return pair.has(ticketParameter) || showsKey(pair)
}

function showsKey(pair: URLSearchParams): boolean {
  return pair.getAll(keyParameter).some(isKeyLike)
}
