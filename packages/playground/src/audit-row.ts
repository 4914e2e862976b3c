/**
 * One audit event as a row.
 * @module
 */
import type { GatewayEvent } from './audit-feed.ts'
import { element } from './dom.ts'
import { endings, explanations } from './explanations.ts'
import { type IconName, icon } from './icons.ts'
import { shortenId, splitSubject } from './masks.ts'

const kinds: { readonly [type in GatewayEvent['type']]: { readonly label: string; readonly icon: IconName } } = {
  ticket_issued: { label: 'Ticket issued', icon: 'ticket' },
  issue_refused: { label: 'Ticket refused', icon: 'keyRefused' },
  admitted: { label: 'Admitted', icon: 'admitted' },
  refused: { label: 'Handshake refused', icon: 'refused' },
  session_ended: { label: 'Session over', icon: 'admitted' },
  session_renewed: { label: 'Session renewed', icon: 'ticket' },
  revoked: { label: 'Revoked', icon: 'keyRefused' },
  hook_failed: { label: 'Hook failed', icon: 'alarm' },
  session_log_lost: { label: 'Session log lost', icon: 'alarm' },
  session_directory_failed: { label: 'Session directory silent', icon: 'alarm' },
  upstream_failed: { label: 'Service failed', icon: 'alarm' },
  dangerous_setting: { label: 'Dangerous setting', icon: 'alarm' },
}
const clockTime = new Intl.DateTimeFormat('en-GB', { timeStyle: 'medium' })

/** Draws an event: what, when, why, and who. */
export function createAuditRow(event: GatewayEvent): HTMLElement {
  const kind = kinds[event.type]
  const at = new Date(event.at)
  return element(
    'li',
    { class: 'event', 'data-type': event.type },
    element('span', { class: 'event-icon' }, icon(kind.icon)),
    element(
      'p',
      { class: 'event-head' },
      element('strong', {}, kind.label),
      element('time', { datetime: at.toISOString() }, clockTime.format(at)),
    ),
    element('p', { class: 'event-why' }, ...codeOf(event), explain(event)),
    element('p', { class: 'event-facts' }, ...factsOf(event)),
  )
}

function codeOf(event: GatewayEvent): (HTMLElement | string)[] {
  return 'code' in event ? [element('code', { class: 'code' }, event.code), ' '] : []
}

function explain(event: GatewayEvent): string {
  switch (event.type) {
    case 'ticket_issued':
      return `For ${event.audience}, good until ${clockTime.format(event.expiresAt)}.`
    case 'admitted':
      return `To ${event.audience}, carried by ${event.carrier}. The ticket is spent.`
    case 'session_ended':
      return event.ending === null ? 'The client or the service has closed it.' : endings[event.ending]
    case 'session_renewed':
      return event.endsAt === null ? 'It has no end.' : `Until ${clockTime.format(event.endsAt)}.`
    case 'revoked':
      return 'Tickets that were issued until now are void, and the sessions that they opened end.'
    case 'hook_failed':
      return `${event.hook} threw, or took too long (${event.fault}). Nothing else came of it.`
    case 'session_log_lost':
      return `What was revoked or renewed elsewhere may not be known here (${event.log}).`
    case 'session_directory_failed':
      return `The other gateways may not see the sessions of this one (${event.directory}, ${event.fault}).`
    case 'dangerous_setting':
      return `${event.setting}: ${event.consequence}`
    case 'upstream_failed':
      return 'The service behind the gateway did not take the WebSocket. The ticket is spent.'
    default:
      return explanations[event.code]
  }
}

function factsOf(event: GatewayEvent): HTMLElement[] {
  if (event.type === 'dangerous_setting' || event.type === 'revoked') return []
  if (event.type === 'session_log_lost' || event.type === 'session_directory_failed') return []
  const id = 'ticketId' in event ? event.ticketId : null
  const ticket = fact('Ticket', id === null ? '' : shortenId(id), id ?? '')
  if (event.type === 'upstream_failed') return ticket
  const { name, issuer } = splitSubject(event.subject ?? '')
  const subject = fact('Subject', name, `${name}, vouched for by ${issuer}`)
  if (event.type === 'session_ended' || event.type === 'session_renewed' || event.type === 'hook_failed')
    return [...subject, ...ticket]
  return [
    ...subject,
    ...fact('Address', event.clientAddress ?? '', 'Address of the client'),
    ...fact('Origin', event.origin === location.origin ? '' : (event.origin ?? ''), 'Origin of the request'),
    ...ticket,
  ]
}

function fact(name: string, value: string, title: string): HTMLElement[] {
  if (value === '') return []
  return [element('span', { title }, element('span', { class: 'visually-hidden' }, `${name} `), value)]
}
