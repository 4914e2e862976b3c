/**
 * Every class of the corpus, in the order of the document that is written from it.
 * @module
 */

import { claims } from './classes/claims.ts'
import { configuration } from './classes/configuration.ts'
import { eventStreams } from './classes/event-streams.ts'
import { firstMessages } from './classes/first-messages.ts'
import { forgedCredentials } from './classes/forged-credentials.ts'
import { forwardedChains } from './classes/forwarded-chains.ts'
import { frames } from './classes/frames.ts'
import { identities } from './classes/identities.ts'
import { locks } from './classes/locks.ts'
import { logTexts } from './classes/log-texts.ts'
import { multiplicity } from './classes/multiplicity.ts'
import { origins } from './classes/origins.ts'
import { rawHandshakes } from './classes/raw-handshakes.ts'
import { smuggling } from './classes/smuggling.ts'
import { storeInjection } from './classes/store-injection.ts'
import { ticketSyntax } from './classes/ticket-syntax.ts'
import type { CorpusClass } from './corpus-class.ts'

/** Every class. */
export const classes: readonly CorpusClass[] = [
  forgedCredentials,
  ticketSyntax,
  multiplicity,
  locks,
  storeInjection,
  origins,
  forwardedChains,
  claims,
  identities,
  logTexts,
  rawHandshakes,
  eventStreams,
  frames,
  firstMessages,
  smuggling,
  configuration,
]
