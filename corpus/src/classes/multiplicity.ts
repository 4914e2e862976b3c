/**
 * Class C3: more tickets than one, fewer than one, and one in unusual company.
 * @module
 */
import type { Ticket } from 'wsticket'
import type { CorpusClass } from '../corpus-class.ts'
import { type Difference, type HandshakeCase, type HandshakeVerdict, handshakeCase } from '../handshake-case.ts'
import { ticketOf } from '../tickets.ts'

const protocolLine = (...entries: readonly string[]) => `Sec-WebSocket-Protocol: ${entries.join(', ')}`
const authorizationLine = (text: string) => `Authorization: Ticket ${text}`

/** A case with this many further tickets, all of them good. */
function crowd(
  name: string,
  verdict: HandshakeVerdict,
  further: number,
  differ: (others: readonly Ticket[]) => Difference,
): HandshakeCase {
  const others = Array.from({ length: further }, (_, at) => ticketOf(`${name}, ticket ${at + 2}`))
  const made = handshakeCase(name, verdict, { setting: 'every_carrier', ...differ(others) })
  return { ...made, tickets: [...made.tickets, ...others] }
}

const counts = [2, 3, 4, 5, 6, 7, 8, 10, 12, 16, 24, 30, 31, 32, 33, 40, 50]

const inOneCarrier = counts.flatMap((count) => [
  crowd(`${count} tickets in one list`, 'bad_request', count - 1, (others) => ({
    lines: { protocol: protocolLine('wsticket.v1', 'TICKET', ...others) },
  })),
  crowd(`${count} tickets, a line each`, 'bad_request', count - 1, (others) => ({
    lines: { protocol: ['wsticket.v1', 'TICKET', ...others].map((entry) => protocolLine(entry)) },
  })),
  crowd(`${count} tickets in the query`, 'bad_request', count - 1, (others) => ({
    requestLine: `GET /ws?${['TICKET', ...others].map((ticket) => `ticket=${ticket}`).join('&')} HTTP/1.1`,
    lines: { protocol: [] },
  })),
])

const oneTwice: readonly HandshakeCase[] = [
  crowd('one ticket twice in one list', 'bad_request', 0, () => ({
    lines: { protocol: protocolLine('wsticket.v1', 'TICKET', 'TICKET') },
  })),
  crowd('one ticket in two lines', 'bad_request', 0, () => ({
    lines: { protocol: [protocolLine('wsticket.v1', 'TICKET'), protocolLine('TICKET')] },
  })),
  crowd('one ticket twice in the query', 'bad_request', 0, () => ({
    requestLine: 'GET /ws?ticket=TICKET&ticket=TICKET HTTP/1.1',
    lines: { protocol: [] },
  })),
  crowd('one ticket in two lines of Authorization', 'bad_request', 0, () => ({
    lines: { protocol: [], authorization: [authorizationLine('TICKET'), authorizationLine('TICKET')] },
  })),
  crowd('one ticket twice in one Cookie', 'bad_request', 0, () => ({
    lines: { protocol: [], cookie: 'Cookie: __Host-wsticket=TICKET; __Host-wsticket=TICKET' },
  })),
  crowd('one ticket in two lines of Cookie', 'bad_request', 0, () => ({
    lines: { protocol: [], cookie: ['Cookie: __Host-wsticket=TICKET', 'Cookie: __Host-wsticket=TICKET'] },
  })),
  crowd('two tickets in one Authorization', 'invalid_ticket', 1, ([other = '']) => ({
    lines: { protocol: [], authorization: authorizationLine(`TICKET, ${other}`) },
  })),
  crowd('two tickets in one Authorization, with schemes', 'invalid_ticket', 1, ([other = '']) => ({
    lines: { protocol: [], authorization: authorizationLine(`TICKET, Ticket ${other}`) },
  })),
  crowd('two tickets in one Authorization, with a space', 'invalid_ticket', 1, ([other = '']) => ({
    lines: { protocol: [], authorization: authorizationLine(`TICKET ${other}`) },
  })),
]

/** Where a text can stand: what it adds to the query, and to the lines. */
type Place = (text: string) => { readonly query?: string; readonly line?: string }

const places: { readonly [name: string]: Place } = {
  'the protocols': (text) => ({ line: protocolLine('wsticket.v1', text) }),
  Authorization: (text) => ({ line: authorizationLine(text) }),
  'the query': (text) => ({ query: `ticket=${text}` }),
  'the cookie': (text) => ({ line: `Cookie: __Host-wsticket=${text}` }),
}

const texts: readonly (readonly [name: string, text: (other: string) => string])[] = [
  ['the same ticket', () => 'TICKET'],
  ['another ticket', (other) => other],
  ['a ticket that never was', () => ticketOf('never issued')],
  ['a broken one', () => 'wst_broken'],
  ['a bare prefix', () => 'wst_'],
]

function inBoth([one, first]: [string, Place], [other, second]: [string, Place]): readonly HandshakeCase[] {
  return texts.map(([what, text]) =>
    crowd(`a ticket in ${one}, ${what} in ${other}`, 'bad_request', 1, ([spare = '']) => {
      const parts = [first('TICKET'), second(text(spare))]
      const query = parts.flatMap((part) => part.query ?? []).join('&')
      return {
        requestLine: `GET /ws${query === '' ? '' : `?${query}`} HTTP/1.1`,
        lines: { protocol: [], more: parts.flatMap((part) => part.line ?? []) },
      }
    }),
  )
}

const named = Object.entries(places)
const pairs = named.flatMap((one) =>
  named.filter((other) => other[0] !== one[0]).flatMap((other) => inBoth(one, other)),
)

const inAllCarriers = ['TICKET', 'wst_'].map((text) =>
  crowd(
    `a ticket in all carriers, ${text === 'TICKET' ? 'the same' : 'two of them bare prefixes'}`,
    'bad_request',
    0,
    () => ({
      requestLine: `GET /ws?ticket=${text} HTTP/1.1`,
      lines: { authorization: authorizationLine(text) },
    }),
  ),
)

function query(verdict: HandshakeVerdict, ...queries: readonly string[]): readonly HandshakeCase[] {
  return queries.map((text) =>
    crowd(`the query ${text}`, verdict, 0, () => ({
      requestLine: `GET /ws?${text} HTTP/1.1`,
      lines: { protocol: [] },
    })),
  )
}

const parameters = [
  ...query(
    'ticket_required',
    'ticket[]=TICKET',
    'ticket%5B%5D=TICKET',
    'ticket[0]=TICKET',
    'ticket.0=TICKET',
    'Ticket=TICKET',
  ),
  ...query(
    'ticket_required',
    'TICKET',
    'TICKET=ticket',
    'tickets=TICKET',
    'ticket%00=TICKET',
    'a;ticket=TICKET',
    '?ticket=TICKET',
  ),
  ...query(
    'ticket_required',
    'ticket%20=TICKET',
    '+ticket=TICKET',
    'tick%C3%ABt=TICKET',
    'access_token=TICKET',
    '%2574icket=TICKET',
  ),
  ...query(
    'ticket_required',
    'a=b?ticket=TICKET',
    'a=%26ticket=TICKET',
    '=TICKET',
    'tIcKeT=TICKET',
    'ticket%26=TICKET',
  ),
  ...query(
    'invalid_ticket',
    'ticket',
    'ticket=',
    'ticket=;ticket=TICKET',
    'ticket=TICKET;a=b',
    'ticket=TICKET,TICKET',
    'ticket==TICKET',
  ),
  ...query(
    'invalid_ticket',
    'ticket=+TICKET',
    'ticket=TICKET+',
    'ticket=%20TICKET',
    'ticket=TICKET%00',
    'ticket=TICKET?a=b',
  ),
  ...query(
    'bad_request',
    'ticket=&ticket=TICKET',
    'ticket&ticket=TICKET',
    'ticket=TICKET&ticket',
    'ticket=TICKET&%74icket=TICKET',
  ),
  ...query(
    'bad_request',
    'ticket=TICKET&a=b&ticket=',
    'ticket=null&ticket=TICKET',
    '%74%69%63%6b%65%74=TICKET&ticket=0',
  ),
  ...query(
    'admitted',
    'ticket=TICKET',
    'a=b&ticket=TICKET',
    'ticket=TICKET&a=b',
    '%74icket=TICKET',
    '&ticket=TICKET&',
    'Ticket=a&ticket=TICKET',
  ),
  ...query('admitted', 'ticket[]=a&ticket=TICKET', 'ticket=TICKET&Ticket=', 'a;b=c&ticket=TICKET'),
]

function list(verdict: HandshakeVerdict, ...entries: readonly string[]): readonly HandshakeCase[] {
  return entries.map((text) =>
    crowd(`the protocols ${text}`, verdict, 0, () => ({ lines: { protocol: protocolLine(text) } })),
  )
}

const lists = [
  ...list(
    'admitted',
    'wsticket.v1, TICKET',
    'TICKET, wsticket.v1',
    'TICKET',
    'chat.v1, wsticket.v1, TICKET',
    'TICKET, chat.v1',
  ),
  ...list(
    'admitted',
    'wsticket.v1,TICKET',
    'wsticket.v1 , \tTICKET',
    'a, b, c, d, e, wsticket.v1, TICKET, f',
    'Wsticket.V1, TICKET',
  ),
  ...list(
    'bad_request',
    'wsticket.v1, wsticket.v1, TICKET',
    ', TICKET',
    'TICKET,',
    'wsticket.v1,, TICKET',
    'TICKET, a, a',
    'a b, TICKET',
  ),
  ...list(
    'bad_request',
    'TICKET;q=1',
    'TICKET, "a"',
    'wsk_key, TICKET',
    `TICKET, ${Array.from({ length: 32 }, (_, at) => `p${at}`).join(', ')}`,
  ),
  ...list('ticket_required', 'wsticket.v1', 'chat.v1', 'wsticket.v2'),
  crowd('the protocols in two lines', 'admitted', 0, () => ({
    lines: { protocol: [protocolLine('chat.v1', 'wsticket.v1'), protocolLine('TICKET')] },
  })),
  crowd('no carrier at all', 'ticket_required', 0, () => ({ lines: { protocol: [] } })),
]

const otherSchemes: readonly HandshakeCase[] = [
  ...[
    'Bearer TICKET',
    'Basic YTpi',
    'TICKET',
    'Tickets TICKET',
    'Ticket:TICKET',
    'Ticket=TICKET',
    '"Ticket" TICKET',
  ].map((text) =>
    crowd(`Authorization ${text}`, 'ticket_required', 0, () => ({
      lines: { protocol: [], authorization: `Authorization: ${text}` },
    })),
  ),
  ...['ticket TICKET', 'TICket TICKET'].map((text) =>
    crowd(`Authorization ${text}`, 'admitted', 0, () => ({
      lines: { protocol: [], authorization: `Authorization: ${text}` },
    })),
  ),
  ...[
    'Cookie: ticket=TICKET',
    'Cookie: __host-wsticket=TICKET',
    'Cookie: wsticket=TICKET',
    'Cookie: __Host-wsticket',
    'Cookie: __Secure-wsticket=TICKET',
    'Set-Cookie: __Host-wsticket=TICKET',
    'X-Ticket: TICKET',
    'Ticket: TICKET',
    'Proxy-Authorization: Ticket TICKET',
  ].map((line) => crowd(line, 'ticket_required', 0, () => ({ lines: { protocol: [], more: line } }))),
]

/** What stands in a carrier that is off counts, too: it would reach the application beside the one that is spent. */
const strays: readonly HandshakeCase[] = [
  crowd('a ticket in the query, which is off, beside another', 'bad_request', 1, ([other = '']) => ({
    setting: 'ordinary',
    requestLine: `GET /ws?ticket=${other} HTTP/1.1`,
  })),
  crowd('a ticket in the query, which is off, alone', 'ticket_required', 0, () => ({
    setting: 'ordinary',
    requestLine: 'GET /ws?ticket=TICKET HTTP/1.1',
    lines: { protocol: [] },
  })),
  crowd('a ticket in the cookie, which is off, beside another', 'bad_request', 1, ([other = '']) => ({
    setting: 'ordinary',
    lines: { cookie: `Cookie: __Host-wsticket=${other}` },
  })),
  crowd('a ticket in the cookie, which is off, alone', 'ticket_required', 0, () => ({
    setting: 'ordinary',
    lines: { protocol: [], cookie: 'Cookie: __Host-wsticket=TICKET' },
  })),
  crowd('a ticket in the protocols, which are off, beside another', 'bad_request', 1, ([other = '']) => ({
    setting: 'query_only',
    requestLine: `GET /ws?ticket=${other} HTTP/1.1`,
  })),
  crowd('a ticket in Authorization, which is off, beside another', 'bad_request', 1, ([other = '']) => ({
    setting: 'query_only',
    requestLine: `GET /ws?ticket=${other} HTTP/1.1`,
    lines: { protocol: [], authorization: authorizationLine('TICKET') },
  })),
  crowd('another Authorization beside the query', 'admitted', 0, () => ({
    setting: 'query_only',
    requestLine: 'GET /ws?ticket=TICKET HTTP/1.1',
    lines: { protocol: protocolLine('chat.v1'), authorization: 'Authorization: Basic YTpi' },
  })),
]

/** More tickets than one, and fewer. */
export const multiplicity: CorpusClass<HandshakeCase> = {
  name: 'multiplicity',
  contents:
    '2 to 50 tickets in one carrier, tickets in every pair of carriers, spellings of parameters, lists and schemes, carriers that are off',
  playedOn: 'adapters `node` and `ws`, gateway',
  good: ['admitted'],
  cases: [
    ...inOneCarrier,
    ...oneTwice,
    ...pairs,
    ...inAllCarriers,
    ...parameters,
    ...lists,
    ...otherSchemes,
    ...strays,
  ],
}
