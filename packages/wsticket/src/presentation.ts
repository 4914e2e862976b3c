/**
 * What an opening handshake presents as a ticket, over all carriers.
 * @module
 */
import type { Carrier, CarrierName } from './carrier.ts'
import { authorization } from './carriers/authorization.ts'
import { query } from './carriers/query.ts'
import { subprotocol } from './carriers/subprotocol.ts'
import { ConfigurationError } from './errors.ts'
import type { Handshake, Passage } from './handshake.ts'
import { keyPrefix, ticketPrefix } from './wire.ts'

/** One text in a carrier that is on, not yet parsed; or none, or more than one. */
export type Presentation =
  | { readonly kind: 'one'; readonly carrier: Carrier; readonly text: string }
  | { readonly kind: 'none' }
  | { readonly kind: 'several' }

const carriersByName: { readonly [name in CarrierName]: Carrier } = { subprotocol, authorization, query }
const everyCarrier: readonly Carrier[] = Object.values(carriersByName)

/** The carriers in use unless told otherwise. */
export const defaultCarriers: readonly CarrierName[] = ['subprotocol', 'authorization']

/**
 * The carriers of a list of names.
 * @throws ConfigurationError for a list that is empty or names another.
 */
export function parseCarriers(names: readonly CarrierName[]): readonly Carrier[] {
  if (names.length === 0) throw new ConfigurationError('carriers', 'must name at least one carrier')
  return [...new Set(names)].map((name) => {
    const carrier = Object.hasOwn(carriersByName, name) ? carriersByName[name] : undefined
    if (carrier !== undefined) return carrier
    throw new ConfigurationError('carriers', `must be among ${Object.keys(carriersByName).join(', ')}`)
  })
}

/**
 * What a handshake presents in the carriers that are on. A text that is spelled as a ticket in a carrier that is off counts as
 * one more: it would reach the application beside the one that is spent, and may even be selected as a subprotocol.
 */
export function presentationOf(handshake: Handshake, carriersOn: readonly Carrier[]): Presentation {
  if (handshake.protocols.some((protocol) => protocol.startsWith(keyPrefix))) return { kind: 'several' }
  let found: Presentation = { kind: 'none' }
  let strays = 0
  for (const carrier of everyCarrier) {
    const isOn = carriersOn.includes(carrier)
    for (const text of carrier.find(handshake)) {
      if (isOn) found = found.kind === 'none' ? { kind: 'one', carrier, text } : { kind: 'several' }
      else if (text.startsWith(ticketPrefix)) strays++
    }
  }
  return strays > 0 && found.kind === 'one' ? { kind: 'several' } : found
}

/** What may be passed on: the handshake without the ticket, and without the subprotocol of ours in whichever carrier it came. */
export function passageOf(handshake: Handshake, carrier: Carrier): Passage {
  const passage = carrier.strip(handshake)
  return carrier === subprotocol || handshake.protocols.length === 0 ? passage : subprotocol.strip(passage)
}
