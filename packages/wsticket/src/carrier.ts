/**
 * Port: where in the opening handshake a ticket travels, and the key of a locked one beside it. Implementations stand in `carriers/`.
 * @module
 */
import type { Handshake, Passage } from './handshake.ts'

/** The carriers of protocol.md section 4. `message` is the first message after the handshake. */
export type CarrierName = 'subprotocol' | 'authorization' | 'query' | 'cookie' | 'message'

/**
 * A carrier. Its functions do no I/O and MUST NOT throw.
 */
export interface Carrier {
  readonly name: CarrierName

  /** Every text that the handshake presents as a ticket in this carrier, in order, not yet parsed. */
  find(handshake: Handshake): readonly string[]

  /** Every text in this carrier that begins as a key does, in order, not yet parsed. */
  findKeys(handshake: Handshake): readonly string[]

  /** The same passage without anything that this carrier put there. MUST leave everything else as it is, in order. */
  strip(passage: Passage): Passage
}

/** Nothing found. */
export const nothingPresented: readonly string[] = Object.freeze([])

/** What counts as a first message. */
export interface MessageLimits {
  /** How long after the 101 it has to be there, whole, in milliseconds. */
  readonly deadlineMs: number
  /** How long it may be, in bytes of its text. */
  readonly maxBytes: number
}
