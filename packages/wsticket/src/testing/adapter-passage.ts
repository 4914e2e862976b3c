/**
 * Cases of the adapter suite: which subprotocol is selected, and what the application sees of the handshake.
 * @module
 */
import type { CarrierName } from '../carrier.ts'
import type { AdapterCase, ConnectionView } from './adapter-harness.ts'
import {
  expectAdmitted,
  expectList,
  expectSecretless,
  type Presentation,
  presenting,
  selectedProtocol,
  send,
} from './adapter-moves.ts'
import { onStage, type Stage, type StageOptions } from './adapter-stage.ts'
import { expectSame, expectThat } from './conformance-case.ts'
import { withLines } from './raw-handshake.ts'

interface Selection {
  readonly name: string
  readonly supported: readonly string[]
  /** TICKET stands for the ticket. Each is a header line. */
  readonly offered: readonly string[]
  readonly selected: string | null
}

const selections: readonly Selection[] = [
  {
    name: "selects the application's own subprotocol where it supports one",
    supported: ['chat.v2'],
    offered: ['chat.v1, chat.v2, wsticket.v1, TICKET'],
    selected: 'chat.v2',
  },
  {
    name: 'selects wsticket.v1 where the application supports nothing that was offered',
    supported: ['chat.v3'],
    offered: ['chat.v1, chat.v2, wsticket.v1, TICKET'],
    selected: 'wsticket.v1',
  },
  {
    name: 'selects wsticket.v1 where nothing else was offered',
    supported: ['chat.v1'],
    offered: ['wsticket.v1, TICKET'],
    selected: 'wsticket.v1',
  },
  {
    name: 'never selects a ticket that is offered first',
    supported: ['chat.v1'],
    offered: ['TICKET, wsticket.v1, chat.v1'],
    selected: 'chat.v1',
  },
  {
    name: 'selects nothing where only a ticket was offered',
    supported: ['chat.v1'],
    offered: ['TICKET'],
    selected: null,
  },
  {
    name: 'selects among several lines of subprotocols',
    supported: ['chat.v2'],
    offered: ['chat.v1', 'wsticket.v1,TICKET', 'chat.v2'],
    selected: 'chat.v2',
  },
]

function selects({ name, supported, offered, selected }: Selection): AdapterCase {
  return {
    name,
    needs: ['application_protocols'],
    run: (harness) =>
      onStage(harness, { protocols: supported }, async (stage) => {
        const issued = await stage.issue()
        const lines = offered.map((list) => `Sec-WebSocket-Protocol: ${list.replace('TICKET', issued.ticket)}`)
        const client = await send(stage, withLines(presenting(stage, issued), 'Sec-WebSocket-Protocol', ...lines))
        const response = await expectAdmitted(client)
        expectSame('the subprotocol', selectedProtocol(response), selected)
        expectThat(!response.text.includes('wst_'), 'the 101 should not show a ticket')
      }),
  }
}

/** Opens a WebSocket, and returns what the application sees of its handshake. */
async function viewOf(stage: Stage, how: Presentation, change = (target: string) => target): Promise<ConnectionView> {
  const handshake = presenting(stage, await stage.issue(), how)
  const target = change(handshake.requestLine.split(' ')[1] as string)
  const client = await send(stage, { ...handshake, requestLine: `GET ${target} HTTP/1.1` })
  const response = await expectAdmitted(client)
  expectThat(!response.text.includes('wst_'), 'the 101 should not show a ticket')
  const [view] = stage.connections
  expectThat(view !== undefined, 'the application should get the WebSocket')
  expectSecretless(view)
  return view
}

function linesOf({ headers }: ConnectionView, wanted: string): readonly string[] {
  return headers.filter(([name]) => name.toLowerCase() === wanted).map(([, value]) => value)
}

function hidesTicketOf(carrier: CarrierName): AdapterCase {
  return {
    name: `shows the application no ticket of the carrier ${carrier}`,
    run: (harness) =>
      onStage(harness, { carriers: [carrier] }, async (stage) => {
        const view = await viewOf(stage, { carrier })
        expectList('the subprotocols that it sees', linesOf(view, 'sec-websocket-protocol'), [])
        expectList('the authorization that it sees', linesOf(view, 'authorization'), [])
        expectList('the cookies that it sees', linesOf(view, 'cookie'), [])
        expectSame('the target that it sees', view.target, new URL(stage.server.wsUrl).pathname)
      }),
  }
}

function keepsInQuery(name: string, query: (ticket: string) => string, kept: string): AdapterCase {
  const options: StageOptions = { carriers: ['query'] }
  return {
    name,
    run: (harness) =>
      onStage(harness, options, async (stage) => {
        const view = await viewOf(stage, { carrier: 'query' }, (target) => {
          const [path, ticket] = target.split('?ticket=') as [string, string]
          return `${path}?${query(ticket)}`
        })
        expectSame('the query that it sees', view.target.slice(new URL(stage.server.wsUrl).pathname.length), kept)
      }),
  }
}

/** What an adapter passes on. */
export const passageCases: readonly AdapterCase[] = [
  ...selections.map(selects),
  ...(['subprotocol', 'authorization', 'query', 'cookie'] as const).map(hidesTicketOf),
  keepsInQuery(
    'keeps the other parameters of the query, in order and as they were spelled',
    (ticket) => `b=%41&a=1&ticket=${ticket}&a=&c+d=e%20f&`,
    '?b=%41&a=1&a=&c+d=e%20f&',
  ),
  keepsInQuery(
    'removes a ticket whose parameter is percent-encoded',
    (ticket) => `a=1&%74icket=${ticket.replace('_', '%5F')}`,
    '?a=1',
  ),
  {
    name: "keeps the application's own subprotocols, in order",
    run: (harness) =>
      onStage(harness, { protocols: ['chat.v1'] }, async (stage) => {
        const view = await viewOf(stage, { protocols: ['chat.v2', 'chat.v1'] })
        expectSame(
          'the subprotocols that it sees',
          linesOf(view, 'sec-websocket-protocol').join(', '),
          'chat.v2, chat.v1',
        )
      }),
  },
  {
    name: 'keeps an Authorization of another scheme',
    run: (harness) =>
      onStage(harness, {}, async (stage) => {
        const authorization = 'Basic YWxpY2U6d29uZGVybGFuZA=='
        const view = await viewOf(stage, { lines: [`Authorization: ${authorization}`] })
        expectList('the authorization that it sees', linesOf(view, 'authorization'), [authorization])
      }),
  },
  {
    name: 'keeps every other header line, in order',
    needs: ['raw_headers'],
    run: (harness) =>
      onStage(harness, {}, async (stage) => {
        const view = await viewOf(stage, { lines: ['X-One: 1', 'Cookie: a=b', 'x-one: 2', 'Cookie: c=d'] })
        const seen = view.headers.filter(([name]) => /^(?:x-one|cookie)$/i.test(name)).map((line) => line.join(': '))
        expectList('the lines that it sees', seen, ['X-One: 1', 'Cookie: a=b', 'x-one: 2', 'Cookie: c=d'])
      }),
  },
]
