/**
 * The options that say how much is too much: a part of THE TABLE (options.ts).
 * @module
 */
import type { OptionTable } from './option.ts'
import * as values from './values.ts'

type Limits =
  | 'ticketsPerSubject'
  | 'ticketRatePerSubject'
  | 'changeRatePerSubject'
  | 'ticketRatePerAddress'
  | 'ticketRate'
  | 'pendingHandshakes'
  | 'pendingHandshakesPerAddress'
  | 'handshakeRatePerAddress'
  | 'handshakeRate'

/** How many tickets, handshakes and requests there may be. */
export const limitOptions: OptionTable<Limits> = {
  ticketsPerSubject: {
    flag: 'tickets-per-subject',
    placeholder: 'number',
    help: 'The most tickets of one subject that are good and not spent yet, or unlimited. Counted over all gateways that share a Redis, PostgreSQL or SQLite; not counted in NATS.',
    group: 'Limits',
    reading: { kind: 'optional', value: values.countOf('tickets'), fallback: '5' },
  },
  ticketRatePerSubject: {
    flag: 'ticket-rate-per-subject',
    placeholder: 'rate',
    help: 'How often one subject may ask for a ticket: so many a second on the average / so many at once; or unlimited. Each gateway counts for itself, here and below.',
    group: 'Limits',
    reading: { kind: 'optional', value: values.rate, fallback: '10/50' },
  },
  changeRatePerSubject: {
    flag: 'change-rate-per-subject',
    placeholder: 'rate',
    help: 'How often one subject may void a ticket, end a session or renew one: each is kept in the session log for a day.',
    group: 'Limits',
    reading: { kind: 'optional', value: values.rate, fallback: '1/100' },
  },
  ticketRatePerAddress: {
    flag: 'ticket-rate-per-address',
    placeholder: 'rate',
    help: 'How often one address, or one /64 of IPv6, may ask for a ticket. Looked at before the token is. Name the proxies in front with --trusted-proxy, or they are the one address.',
    group: 'Limits',
    reading: { kind: 'optional', value: values.rate, fallback: '100/1000' },
  },
  ticketRate: {
    flag: 'ticket-rate',
    placeholder: 'rate',
    help: 'How often everybody together may ask for a ticket.',
    group: 'Limits',
    reading: { kind: 'optional', value: values.rate, fallback: '5000/10000' },
  },
  pendingHandshakes: {
    flag: 'pending-handshakes',
    placeholder: 'number',
    help: 'The most handshakes that wait at once: for the store, or for their first message; or unlimited. More get 503 at once.',
    group: 'Limits',
    reading: { kind: 'optional', value: values.countOf('handshakes'), fallback: '10000' },
  },
  pendingHandshakesPerAddress: {
    flag: 'pending-handshakes-per-address',
    placeholder: 'number',
    help: 'The same of one address, or one /64 of IPv6.',
    group: 'Limits',
    reading: { kind: 'optional', value: values.countOf('handshakes'), fallback: '1000' },
  },
  handshakeRatePerAddress: {
    flag: 'handshake-rate-per-address',
    placeholder: 'rate',
    help: 'How often one address, or one /64 of IPv6, may open a WebSocket, or try to. Looked at before the ticket is.',
    group: 'Limits',
    reading: { kind: 'optional', value: values.rate, fallback: '100/1000' },
  },
  handshakeRate: {
    flag: 'handshake-rate',
    placeholder: 'rate',
    help: 'How often everybody together may.',
    group: 'Limits',
    reading: { kind: 'optional', value: values.rate, fallback: '5000/10000' },
  },
}
