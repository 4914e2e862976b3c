/**
 * Cases of the adapter suite: tickets that travel in a cookie.
 * @module
 */
import { generateKey, lockOfKey } from '../lock.ts'
import { generateTicket, parseTicket, type Ticket } from '../ticket.ts'
import type { AdapterCase, ConnectionView } from './adapter-harness.ts'
import {
  expectAdmitted,
  expectList,
  expectReached,
  expectRefused,
  expectSecretless,
  expectState,
  type Presentation,
  presenting,
  send,
} from './adapter-moves.ts'
import { credential, onStage, origin, type Stage, type StageOptions } from './adapter-stage.ts'
import { expectSame, expectThat } from './conformance-case.ts'
import { headerOf, type RawResponse } from './raw-client.ts'
import { type RawHandshake, withLines } from './raw-handshake.ts'
import { parseSetCookie } from './set-cookie.ts'

const options: StageOptions = { carriers: ['cookie'], cookiePolicy: 'on_request' }

/** Asks for a ticket in a cookie, as a page does. */
async function askForCookie(stage: Stage, wish: object = {}): Promise<RawResponse> {
  const body = JSON.stringify({ carrier: 'cookie', ...wish })
  const client = await stage.connect()
  const lines = [
    'POST /tickets HTTP/1.1',
    `Host: ${new URL(stage.server.httpUrl).host}`,
    `Origin: ${origin}`,
    `Authorization: Bearer ${credential}`,
    'Content-Type: application/json',
    `Content-Length: ${body.length}`,
  ]
  client.send(`${lines.join('\r\n')}\r\n\r\n${body}`)
  return client.readResponse()
}

/** The answer hands out a ticket in a cookie that lives as long. Returns it. */
function expectTicket(response: RawResponse): { readonly ticket: Ticket } {
  const ticket = parseTicket(expectCookie(response, 30))
  expectThat(ticket !== null, 'the cookie should have a ticket')
  return { ticket }
}

/** The response sets one cookie of ours, with every attribute that it has to have. Returns its value. */
function expectCookie(response: RawResponse, maxAgeSeconds: number): string {
  const { name, value, attributes } = parseSetCookie(headerOf(response, 'set-cookie') ?? '')
  expectSame('the name of the cookie', name, '__Host-wsticket')
  const named = Object.entries(attributes).map(([attribute, text]) => `${attribute}=${text}`)
  const wanted = ['httponly=', `max-age=${maxAgeSeconds}`, 'path=/', 'samesite=Strict', 'secure=']
  expectList('the attributes of the cookie', named.sort(), wanted)
  return value
}

/** The 101 takes the cookie back. */
function expectCleared(response: RawResponse): void {
  expectSame('the length of what the cookie is set to', expectCookie(response, 0).length, 0)
}

function viewIn(stage: Stage): ConnectionView {
  const [view] = stage.connections
  expectThat(view !== undefined, 'the application should get the WebSocket')
  return view
}

/** A handshake whose cookies are these lines; TICKET stands for the ticket's own. */
function withCookies(handshake: RawHandshake, ticket: string, lines: readonly string[]): RawHandshake {
  const spelled = lines.map((line) => `Cookie: ${line.replaceAll('TICKET', `__Host-wsticket=${ticket}`)}`)
  return withLines(handshake, 'Cookie', ...spelled)
}

function keepsOthers(name: string, sent: readonly string[], kept: readonly string[]): AdapterCase {
  return {
    name,
    needs: ['raw_headers'],
    run: (harness) =>
      onStage(harness, options, async (stage) => {
        const issued = await stage.issue()
        const handshake = presenting(stage, issued, { carrier: 'cookie' })
        await expectAdmitted(await send(stage, withCookies(handshake, issued.ticket, sent)))
        const view = viewIn(stage)
        expectSecretless(view)
        const seen = view.headers.filter(([header]) => header.toLowerCase() === 'cookie').map(([, line]) => line)
        expectList('the cookies that it sees', seen, kept)
        expectThat(
          view.otherViews.every((text) => !text.includes('__Host-wsticket')),
          'no other view should name the cookie',
        )
      }),
  }
}

interface Wrong {
  /** Completes "refuses a ticket in a cookie ". */
  readonly name: string
  readonly cookies?: readonly string[]
  readonly how?: Presentation
  readonly status: 400 | 403
}

const wrongs: readonly Wrong[] = [
  { name: 'that comes twice', cookies: ['TICKET; TICKET'], status: 400 },
  { name: 'beside another of that name', cookies: [`TICKET; __Host-wsticket=${generateTicket()}`], status: 400 },
  { name: 'that comes in two lines', cookies: ['TICKET', 'TICKET'], status: 400 },
  {
    name: 'beside one among the subprotocols',
    how: { protocols: ['wsticket.v1', generateTicket()] },
    status: 400,
  },
  {
    name: 'beside one in Authorization',
    how: { lines: [`Authorization: Ticket ${generateTicket()}`] },
    status: 400,
  },
  { name: 'with two keys', how: { keys: [generateKey(), generateKey()] }, status: 400 },
  { name: 'without an Origin', how: { origin: null }, status: 403 },
  { name: 'of a foreign page', how: { origin: 'https://evil.example' }, status: 403 },
]

function refuses({ name, cookies = ['TICKET'], how = {}, status }: Wrong): AdapterCase {
  return {
    name: `refuses a ticket in a cookie ${name}, and spends none`,
    needs: ['raw_headers'],
    run: (harness) =>
      onStage(harness, { ...options, carriers: ['cookie', 'subprotocol', 'authorization'] }, async (stage) => {
        const issued = await stage.issue()
        const handshake = presenting(stage, issued, { carrier: 'cookie', ...how })
        const client = await send(stage, withCookies(handshake, issued.ticket, cookies))
        const response = await expectRefused(client, status, status === 400 ? 'bad_request' : 'forbidden')
        expectSame('Set-Cookie', headerOf(response, 'set-cookie'), null)
        await expectState(stage, issued, 'pending')
        expectReached(stage, 0)
      }),
  }
}

/** What an adapter does with tickets in cookies. */
export const cookieCases: readonly AdapterCase[] = [
  {
    name: 'hands a ticket out in a cookie, opens a WebSocket with it, and clears it on the 101',
    run: (harness) =>
      onStage(harness, options, async (stage) => {
        const issued = await askForCookie(stage)
        expectSame('the status', issued.status, 201)
        expectThat(!issued.body.includes('wst_'), 'the body should have no ticket')
        const handshake = presenting(stage, expectTicket(issued), { carrier: 'cookie' })
        expectCleared(await expectAdmitted(await send(stage, handshake)))
        expectReached(stage, 1)
        await expectRefused(await send(stage, handshake), 401, 'invalid_ticket')
      }),
  },
  {
    name: 'opens a WebSocket with the key of a ticket that was locked and handed out in a cookie, and none without',
    run: (harness) =>
      onStage(harness, options, async (stage) => {
        const key = generateKey()
        const issue = async () => expectTicket(await askForCookie(stage, { lock: lockOfKey(key) }))
        const showing = presenting(stage, await issue(), { carrier: 'cookie', keys: [key] })
        await expectAdmitted(await send(stage, showing))
        const keyless = presenting(stage, await issue(), { carrier: 'cookie' })
        await expectRefused(await send(stage, keyless), 401, 'invalid_ticket')
        expectReached(stage, 1)
      }),
  },
  {
    name: 'sets no cookie on the 101 where the ticket came by another carrier',
    run: (harness) =>
      onStage(harness, { carriers: ['cookie', 'subprotocol'] }, async (stage) => {
        const client = await send(stage, presenting(stage, await stage.issue(), { lines: ['Cookie: a=1'] }))
        expectSame('Set-Cookie', headerOf(await expectAdmitted(client), 'set-cookie'), null)
      }),
  },
  {
    name: 'does not look for a ticket in the cookies unless told to',
    run: (harness) =>
      onStage(harness, {}, async (stage) => {
        const issued = await stage.issue()
        const client = await send(stage, presenting(stage, issued, { carrier: 'cookie' }))
        await expectRefused(client, 401, 'ticket_required')
        await expectState(stage, issued, 'pending')
      }),
  },
  keepsOthers(
    'keeps the other cookies, in order and as they were spelled',
    ['a=%41;  b="c d"; TICKET; e'],
    ['a=%41;  b="c d"; e'],
  ),
  keepsOthers('keeps the other lines of cookies', ['a=1', 'TICKET', 'b=2'], ['a=1', 'b=2']),
  ...wrongs.map(refuses),
]
