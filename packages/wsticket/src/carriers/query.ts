/**
 * Carrier `?ticket=wst_...`: works with every server and every client, and stands in every access log on the way. Off by
 * default; a ticket is short-lived and single-use so that this is bearable where nothing else works.
 * @module
 */
import { type Carrier, nothingPresented } from '../carrier.ts'
import { ticketParameter } from '../wire.ts'

/** Reads tickets from the query, decoded once. Off by default. */
export const query: Carrier = {
  name: 'query',
  find: ({ target }) => {
    const mark = target.indexOf('?')
    return mark < 0 ? nothingPresented : parametersOf(target.slice(mark + 1)).getAll(ticketParameter)
  },
  strip: ({ target, rawHeaders }) => ({ target: withoutTicket(target), rawHeaders }),
}

/** The constructor of URLSearchParams drops one leading `?`, which no server behind us does: it is part of the name. */
function parametersOf(text: string): URLSearchParams {
  return new URLSearchParams(`&${text}`)
}

function withoutTicket(target: string): string {
  const mark = target.indexOf('?')
  if (mark < 0) return target
  const kept = target
    .slice(mark + 1)
    .split('&')
    .filter((pair) => !parametersOf(pair).has(ticketParameter))
  return kept.length === 0 ? target.slice(0, mark) : `${target.slice(0, mark)}?${kept.join('&')}`
}
