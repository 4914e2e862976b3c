/**
 * The ticket itself, as a slip of paper: blank, good for one entry, spent.
 * @module
 */
import type { Ticket } from './api.ts'
import { element } from './dom.ts'
import { maskSecret, shortenId } from './masks.ts'

/** The slip. */
export interface Stub {
  /** No ticket yet. */
  blank(): void
  /** A ticket that nobody has presented. */
  fresh(ticket: Ticket, holder: string): void
  /** The same ticket, presented. */
  spend(): void
}

/** Creates the slip in its place. */
export function createStub(place: HTMLElement): Stub {
  const stub: Stub = {
    blank() {
      place.replaceChildren(
        element('div', { class: 'stub', 'data-state': 'blank' }, element('p', {}, 'Your ticket comes here.')),
      )
    },
    fresh(ticket, holder) {
      place.replaceChildren(element('div', { class: 'stub', 'data-state': 'fresh' }, ...face(ticket, holder)))
    },
    spend() {
      const slip = place.querySelector<HTMLElement>('.stub[data-state="fresh"]')
      if (slip === null) return
      slip.dataset.state = 'spent'
      slip.append(element('p', { class: 'stamp' }, 'Spent'))
    },
  }
  stub.blank()
  return stub
}

function face(ticket: Ticket, holder: string): HTMLElement[] {
  return [
    element('p', { class: 'stub-title' }, element('span', {}, 'Admits one'), ' WebSocket'),
    element('p', { class: 'stub-ticket' }, element('code', {}, maskSecret(ticket.ticket))),
    element(
      'dl',
      { class: 'stub-facts' },
      ...fact('holder', holder),
      ...fact('good for', `${ticket.expiresIn} s`),
      ...fact('id', element('code', { title: ticket.id }, shortenId(ticket.id))),
    ),
  ]
}

function fact(name: string, value: string | Node): HTMLElement[] {
  return [element('dt', {}, name), element('dd', {}, value)]
}
