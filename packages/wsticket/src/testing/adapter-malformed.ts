/**
 * Cases of the adapter suite: opening handshakes that are not quite that (RFC 6455 section 4.2.1).
 * @module
 */
import type { CarrierName } from '../carrier.ts'
import type { IssuedTicket } from '../issuer.ts'
import { generateKey } from '../lock.ts'
import { generateTicket } from '../ticket.ts'
import type { AdapterCapability, AdapterCase } from './adapter-harness.ts'
import {
  expectAdmitted,
  expectEcho,
  expectReached,
  expectRejected,
  expectState,
  open,
  presenting,
  send,
} from './adapter-moves.ts'
import { onStage, type Stage, type StageOptions } from './adapter-stage.ts'
import { type RawHandshake, withLines, withRequestLine } from './raw-handshake.ts'

interface Malformation {
  /** Completes "refuses a handshake ". */
  readonly name: string
  readonly needs?: readonly AdapterCapability[]
  readonly options?: StageOptions
  change(handshake: RawHandshake, issued: IssuedTicket): RawHandshake
}

const host = 'Host: 127.0.0.1'
const key = 'Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA=='

/** A handshake whose lines of one header are replaced by these; `TICKET` stands for the ticket. */
function lines(name: string, header: string, ...replacements: readonly string[]): Malformation {
  return {
    name,
    change: (handshake, { ticket }) =>
      withLines(handshake, header, ...replacements.map((line) => line.replaceAll('TICKET', ticket))),
  }
}

/** A handshake with another request line; `/ws` stands for the path of the server. */
function request(name: string, requestLine: string, ...needs: readonly AdapterCapability[]): Malformation {
  return {
    name,
    needs,
    change: (handshake) => {
      const path = handshake.requestLine.split(' ')[1] as string
      return withRequestLine(handshake, requestLine.replace('/ws', path))
    },
  }
}

function needing(needs: readonly AdapterCapability[], malformation: Malformation): Malformation {
  return { ...malformation, needs }
}

const junk = (count: number) => Array.from({ length: count }, (_, at) => `a${at % 10}:`)
const behindProxy: StageOptions = { trustedProxies: ['127.0.0.1'] }
const offered = 'Sec-WebSocket-Protocol'

const requestLines: readonly Malformation[] = [
  request('of HTTP/1.0', 'GET /ws HTTP/1.0', 'http_version'),
  request('of HTTP/2.0', 'GET /ws HTTP/2.0'),
  request('by POST', 'POST /ws HTTP/1.1'),
  request('by HEAD', 'HEAD /ws HTTP/1.1'),
  request('to //', 'GET // HTTP/1.1', 'raw_target'),
  request('to //evil.example/ws', 'GET //evil.example/ws HTTP/1.1', 'raw_target'),
  request('to http://evil.example/ws', 'GET http://evil.example/ws HTTP/1.1', 'raw_target'),
  request('to http://[', 'GET http://[ HTTP/1.1'),
  request('to *', 'GET * HTTP/1.1'),
  request('to /\\evil.example', 'GET /\\evil.example HTTP/1.1', 'raw_target'),
  request('to a target with a fragment', 'GET /ws#top HTTP/1.1', 'raw_target'),
  request('to a target with a control character', 'GET /ws\u0001 HTTP/1.1'),
  request('to a target beyond ASCII', 'GET /ws\u00e9 HTTP/1.1', 'raw_target'),
  request('to a relative target', 'GET ws HTTP/1.1'),
]

const headers: readonly Malformation[] = [
  lines('without Upgrade', 'Upgrade'),
  lines('with another Upgrade', 'Upgrade', 'Upgrade: h2c'),
  lines('with two values of Upgrade', 'Upgrade', 'Upgrade: websocket, h2c'),
  lines('without Connection', 'Connection'),
  lines('whose Connection does not say Upgrade', 'Connection', 'Connection: keep-alive'),
  lines('whose Connection says something like Upgrade', 'Connection', 'Connection: Upgraded'),
  lines('of version 8', 'Sec-WebSocket-Version', 'Sec-WebSocket-Version: 8'),
  lines('of version 12', 'Sec-WebSocket-Version', 'Sec-WebSocket-Version: 12'),
  lines('without a version', 'Sec-WebSocket-Version'),
  lines('of several versions', 'Sec-WebSocket-Version', 'Sec-WebSocket-Version: 13, 8'),
  lines('without Host', 'Host'),
  needing(['raw_headers'], lines('with two lines of Host', 'Host', host, host)),
  lines('without a key', 'Sec-WebSocket-Key'),
  lines('with a key that is too short', 'Sec-WebSocket-Key', 'Sec-WebSocket-Key: AAAA'),
  lines('with a key that is no base64', 'Sec-WebSocket-Key', 'Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAA!A=='),
  needing(['raw_headers'], lines('with two keys', 'Sec-WebSocket-Key', key, key)),
  lines('with a body that has a length', 'Content-Length', 'Content-Length: 5'),
  lines('with two lengths', 'Content-Length', 'Content-Length: 0', 'Content-Length: 5'),
  lines('with a body in chunks', 'Transfer-Encoding', 'Transfer-Encoding: chunked'),
  lines('with a header name with a space', 'X-Space', 'X-Space : 1'),
  lines('with a folded line', 'X-Folded', 'X-Folded: 1', ' 2'),
]

const tickets: readonly Malformation[] = [
  needing(['raw_headers'], {
    ...lines('with 101 header lines', 'X-Junk', ...junk(94)),
    options: behindProxy,
  }),
  needing(['raw_headers'], {
    ...lines(
      'whose X-Forwarded-For comes after a thousand lines',
      'X-Junk',
      ...junk(1100),
      'X-Forwarded-For: 192.0.2.1',
    ),
    options: behindProxy,
  }),
  lines('with two tickets', offered, `${offered}: wsticket.v1, TICKET, ${generateTicket()}`),
  lines('with one ticket twice', offered, `${offered}: wsticket.v1, TICKET, TICKET`),
  lines('with one ticket in two lines', offered, `${offered}: wsticket.v1, TICKET`, `${offered}: TICKET`),
  lines('with tickets in two carriers', 'Authorization', `Authorization: Ticket ${generateTicket()}`),
  lines('with one ticket in two carriers', 'Authorization', 'Authorization: Ticket TICKET'),
  needing(
    ['raw_headers'],
    lines('with two lines of Authorization', 'Authorization', 'Authorization: Basic YTpi', 'Authorization: Basic YTpi'),
  ),
  lines('that offers a subprotocol twice', offered, `${offered}: chat.v1, wsticket.v1, TICKET, chat.v1`),
  lines('that offers an empty subprotocol', offered, `${offered}: chat.v1, , wsticket.v1, TICKET`),
  lines('that ends its subprotocols with a comma', offered, `${offered}: wsticket.v1, TICKET,`),
  lines('that offers a subprotocol that is no token', offered, `${offered}: chat/v1, wsticket.v1, TICKET`),
  lines('with a ticket in quotes', offered, `${offered}: wsticket.v1, "TICKET"`),
  lines('with a ticket that goes on', offered, `${offered}: wsticket.v1, TICKETx`),
  lines('with a ticket of 8 KiB', offered, `${offered}: wsticket.v1, wst_${'A'.repeat(8192)}`),
  {
    name: 'with a ticket in another spelling of its last character',
    change: (handshake, { ticket }) => {
      // The 43rd character carries four bits: the next three characters of the alphabet decode to the same bytes.
      const last = ticket.charAt(46)
      const respelled =
        ticket.slice(0, -1) + (/[048]/.test(last) ? Number(last) + 1 : String.fromCharCode(last.charCodeAt(0) + 1))
      return withLines(handshake, offered, `${offered}: wsticket.v1, ${respelled}`)
    },
  },
  {
    name: 'with a second ticket in a carrier that is off',
    options: { carriers: ['query'] },
    change: (handshake, { ticket }) => {
      const [method, path, version] = handshake.requestLine.split(' ')
      const besides = withLines(handshake, offered, `${offered}: ${generateTicket()}, chat.v1`)
      return withRequestLine(besides, `${method} ${path}?ticket=${ticket} ${version}`)
    },
  },
  {
    name: 'with two tickets in the query',
    options: { carriers: ['query'] },
    change: (handshake, { ticket }) => {
      const [method, path, version] = handshake.requestLine.split(' ')
      const stripped = withLines(handshake, offered)
      return withRequestLine(stripped, `${method} ${path}?ticket=${ticket}&ticket=${generateTicket()} ${version}`)
    },
  },
]

const keys: readonly Malformation[] = [
  lines('that shows two keys', offered, `${offered}: wsticket.v1, TICKET, ${generateKey()}, ${generateKey()}`),
  lines(
    'that shows a key that is too short',
    offered,
    `${offered}: wsticket.v1, TICKET, ${generateKey().slice(0, -1)}`,
  ),
  lines('that shows the prefix of a key', offered, `${offered}: wsticket.v1, TICKET, wsk_`),
  lines('that shows a key of 8 KiB', offered, `${offered}: wsticket.v1, TICKET, wsk_${'A'.repeat(8192)}`),
  {
    name: 'that shows two keys in Authorization',
    change: (handshake, { ticket }) =>
      withLines(
        withLines(withLines(handshake, offered), 'Origin'),
        'Authorization',
        `Authorization: Ticket ${ticket}.${generateKey()}.${generateKey()}`,
      ),
  },
  {
    name: 'that shows its key in a carrier that is off',
    change: (handshake) => {
      const [method, path, version] = handshake.requestLine.split(' ')
      return withRequestLine(handshake, `${method} ${path}?key=${generateKey()} ${version}`)
    },
  },
  {
    name: 'that shows its key in another carrier than the ticket',
    options: { carriers: ['query', 'subprotocol'] },
    change: (handshake, { ticket }) => {
      const [method, path, version] = handshake.requestLine.split(' ')
      const besides = withLines(handshake, offered, `${offered}: ${generateKey()}, chat.v1`)
      return withRequestLine(besides, `${method} ${path}?ticket=${ticket} ${version}`)
    },
  },
]

function refusesMalformed({ name, needs = [], options = {}, change }: Malformation): AdapterCase {
  return {
    name: `refuses a handshake ${name}, and spends no ticket`,
    needs,
    run: (harness) =>
      onStage(harness, options, async (stage) => {
        const issued = await stage.issue()
        await expectRejected(await send(stage, change(presenting(stage, issued), issued)))
        await expectState(stage, issued, 'pending')
        expectReached(stage, 0)
        await expectStillServing(stage, options.carriers?.[0] ?? 'subprotocol')
      }),
  }
}

async function expectStillServing(stage: Stage, carrier: CarrierName): Promise<void> {
  await expectEcho(await open(stage, { carrier }))
}

/** What an adapter does with what is no opening handshake. */
export const malformedCases: readonly AdapterCase[] = [
  ...[...requestLines, ...headers, ...tickets, ...keys].map(refusesMalformed),
  {
    name: 'admits a handshake with 100 header lines',
    run: (harness) =>
      onStage(harness, {}, async (stage) => {
        const issued = await stage.issue()
        await expectAdmitted(await send(stage, presenting(stage, issued, { lines: junk(93) })))
      }),
  },
  {
    name: 'admits a handshake whose names are spelled in any case, and whose Connection names more than Upgrade',
    run: (harness) =>
      onStage(harness, {}, async (stage) => {
        const handshake = withLines(
          presenting(stage, await stage.issue()),
          'Connection',
          'connection: keep-alive,upgrade',
        )
        const client = await send(stage, withLines(handshake, 'Upgrade', 'UPGRADE: WebSocket'))
        await expectEchoAfterAdmission(client)
      }),
  },
  {
    name: 'admits a handshake with an empty body',
    run: (harness) =>
      onStage(harness, {}, async (stage) => {
        const handshake = presenting(stage, await stage.issue(), { lines: ['Content-Length: 0'] })
        await expectEchoAfterAdmission(await send(stage, handshake))
      }),
  },
]

async function expectEchoAfterAdmission(client: Parameters<typeof expectAdmitted>[0]): Promise<void> {
  await expectAdmitted(client)
  await expectEcho(client)
}
