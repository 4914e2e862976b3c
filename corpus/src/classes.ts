/**
 * Every class of the corpus, in the order of the document that is written from it.
 * @module
 */

import { forgedCredentials } from './classes/forged-credentials.ts'
import { forwardedChains } from './classes/forwarded-chains.ts'
import { multiplicity } from './classes/multiplicity.ts'
import { origins } from './classes/origins.ts'
import { rawHandshakes } from './classes/raw-handshakes.ts'
import { ticketSyntax } from './classes/ticket-syntax.ts'
import type { CorpusClass } from './corpus-class.ts'

/** Every class. */
export const classes: readonly CorpusClass[] = [
  forgedCredentials,
  ticketSyntax,
  multiplicity,
  origins,
  forwardedChains,
  rawHandshakes,
]
