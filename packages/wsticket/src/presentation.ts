/**
 * What an opening handshake presents as a ticket, and shows as its key, over all carriers.
 * @module
 */
import type { Carrier, CarrierName } from './carrier.ts'
import { authorization } from './carriers/authorization.ts'
import { cookie } from './carriers/cookie.ts'
import { message } from './carriers/message.ts'
import { query, withoutKeys } from './carriers/query.ts'
import { subprotocol } from './carriers/subprotocol.ts'
import { ConfigurationError } from './errors.ts'
import type { Handshake, Passage } from './handshake.ts'
import { type Key, parseKey } from './lock.ts'
import { clearingTicketCookie } from './ticket-cookie.ts'
import { ticketPrefix } from './wire.ts'

/** The key beside a ticket; null for none; `malformed` for what is no key, for several, and for one apart from its ticket. */
export type ShownKey = Key | null | 'malformed'

/**
 * One text in a carrier that is on, not yet parsed, and the key beside it; or none, or more than one. `isBare`: there is no text that
 * is spelled as a ticket or a key in any other carrier either.
 */
export type Presentation =
  | { readonly kind: 'one'; readonly carrier: Carrier; readonly text: string; readonly key: ShownKey }
  | { readonly kind: 'none'; readonly isBare: boolean }
  | { readonly kind: 'several' }

const carriersByName: { readonly [name in CarrierName]: Carrier } = {
  subprotocol,
  authorization,
  query,
  cookie,
  message,
}
const everyCarrier: readonly Carrier[] = Object.values(carriersByName)

/** The carriers in use unless told otherwise. */
export const defaultCarriers: readonly CarrierName[] = ['subprotocol', 'authorization']

/**
 * The carriers of a list of names.
 * @throws ConfigurationError for no list, for one that is empty or names another.
 */
export function parseCarriers(names: readonly CarrierName[]): readonly Carrier[] {
  if (!Array.isArray(names) || names.length === 0)
    throw new ConfigurationError('carriers', 'must be a list of at least one carrier')
  return [...new Set<CarrierName>(names)].map((name) => {
    const carrier = Object.hasOwn(carriersByName, name) ? carriersByName[name] : undefined
    if (carrier !== undefined) return carrier
    throw new ConfigurationError('carriers', `must be among ${Object.keys(carriersByName).join(', ')}`)
  })
}

/** Those that an event stream has of them: it offers no subprotocol, and has no message to send. */
export function carriersOfEventStreams(carriersOn: readonly Carrier[]): readonly Carrier[] {
  return carriersOn.filter((carrier) => carrier !== subprotocol && carrier !== message)
}

/**
 * What a handshake presents in the carriers that are on. A text that is spelled as a ticket in a carrier that is off counts as
 * one more: it would reach the application beside the one that is spent, and may even be selected as a subprotocol.
 */
export function presentationOf(handshake: Handshake, carriersOn: readonly Carrier[]): Presentation {
  let found: { readonly carrier: Carrier; readonly text: string } | null = null
  let others = 0
  for (const carrier of everyCarrier) {
    const texts = carrier.find(handshake)
    if (texts.length === 0) continue
    const isOn = carriersOn.includes(carrier)
    for (const text of texts) {
      if (isOn && found === null) found = { carrier, text }
      else if (isOn || text.startsWith(ticketPrefix)) others++
    }
  }
  if (found === null) return { kind: 'none', isBare: others === 0 && !showsKey(handshake) }
  if (others > 0) return { kind: 'several' }
  return { kind: 'one', ...found, key: keyBeside(found.carrier, handshake) }
}

function showsKey(handshake: Handshake): boolean {
  return everyCarrier.some((carrier) => carrier.findKeys(handshake).length > 0)
}

/**
 * The key in the carrier of the ticket; beside a cookie as a subprotocol, or in the query of an event stream. One in another carrier would not be taken out, and would
 * reach the application.
 */
function keyBeside(carrierOfTicket: Carrier, handshake: Handshake): ShownKey {
  const besideCookie = handshake.kind === 'event_stream' ? query : subprotocol
  const carrierOfKey = carrierOfTicket === cookie ? besideCookie : carrierOfTicket
  let key: ShownKey = null
  for (const carrier of everyCarrier) {
    for (const text of carrier.findKeys(handshake)) {
      if (carrier !== carrierOfKey || key !== null) return 'malformed'
      key = parseKey(text) ?? 'malformed'
    }
  }
  return key
}

/** What may be passed on: the handshake without the ticket and its key, and without the subprotocol of ours in whichever carrier it came. */
export function passageOf(handshake: Handshake, carrier: Carrier): Passage {
  const passage = carrier.strip(handshake)
  if (handshake.kind === 'event_stream') return carrier === cookie ? withoutKeys(passage) : passage
  return carrier === subprotocol || handshake.protocols.length === 0 ? passage : subprotocol.strip(passage)
}

/** The Set-Cookie of the 101 that takes a spent ticket out of the browser; null where it came in no cookie. */
export function clearingCookieOf(carrier: Carrier): string | null {
  return carrier === cookie ? clearingTicketCookie : null
}
