/**
 * What the tests of admission have in common: a verifier whose redemptions are counted, and handshakes with tickets.
 * @module
 */
import { type Admission, createAdmission } from '../../src/admission.ts'
import type { AdmissionOptions } from '../../src/admission-options.ts'
import type { EpochMs } from '../../src/clock.ts'
import type { Opening } from '../../src/handshake.ts'
import { createMemoryStore } from '../../src/stores/memory.ts'
import { createMovableClock } from '../../src/testing/movable-clock.ts'
import { idOfTicket, type Ticket, type TicketRecord } from '../../src/ticket.ts'
import { createAudit, headerLines, opening, pageOrigin, start } from './fixtures.ts'

/** A verifier with a memory store, whose every redemption is counted. */
export function setUpVerifier(options: Partial<AdmissionOptions> = {}) {
  const clock = createMovableClock(start)
  const store = createMemoryStore({ clock: clock.now })
  const audit = createAudit()
  const redeemed: string[] = []
  const counting = {
    ...store,
    redeem: (id: TicketRecord['id'], now: EpochMs) => {
      redeemed.push(id)
      return store.redeem(id, now)
    },
  }
  const admission = createAdmission({
    store: counting,
    audience: 'chat',
    origins: [pageOrigin],
    clock: clock.now,
    onEvent: audit.onEvent,
    ...options,
  })
  return { admission, store, clock, redeemed, events: audit.events }
}

/** A page's handshake that offers a ticket. */
export function offering(text: string, changes: Parameters<typeof opening>[0] = {}): Opening {
  return opening({ ...changes, headers: { 'Sec-WebSocket-Protocol': `wsticket.v1, ${text}`, ...changes.headers } })
}

/** The handshake of a client that is no browser. */
export function authorizing(text: string): Opening {
  return opening({ rawHeaders: headerLines({ Authorization: `Ticket ${text}` }) })
}

export async function codeOf(admission: Admission, attempt: Opening): Promise<string> {
  const decision = await admission.admit(attempt)
  return decision.kind === 'refused' ? decision.code : decision.kind
}

export async function stateOf({ store, clock }: ReturnType<typeof setUpVerifier>, spent: Ticket): Promise<string> {
  return (await store.read(idOfTicket(spent), clock.now())).kind
}
