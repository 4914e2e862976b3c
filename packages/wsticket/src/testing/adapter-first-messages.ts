/**
 * Cases of the adapter suite: tickets in the first message.
 * @module
 */
import type { IssuedTicket } from '../issuer.ts'
import { generateKey, lockOfKey } from '../lock.ts'
import { bare, closingCases, expectClosedWith, options, ticketText } from './adapter-first-frames.ts'
import type { AdapterCase } from './adapter-harness.ts'
import {
  expectAdmitted,
  expectEcho,
  expectReached,
  expectRefused,
  expectSecretless,
  expectState,
  expectText,
  open,
  presenting,
  selectedProtocol,
  send,
  serverHasHeard,
} from './adapter-moves.ts'
import { deadlineOf, onStage, type Stage } from './adapter-stage.ts'
import { expectSame, expectThat, within } from './conformance-case.ts'
import { headerOf, type RawClient } from './raw-client.ts'
import { type RawHandshake, withLines } from './raw-handshake.ts'
import { textFrame } from './websocket-frame.ts'

/** A handshake that the 101 must not follow, whatever the first message might say. */
interface Refusal {
  readonly name: string
  readonly handshake: (stage: Stage, ticket: string) => RawHandshake
  readonly status: number
  readonly code: string
}

const refusals: readonly Refusal[] = [
  {
    name: 'of a page that is not listed',
    handshake: (stage) => bare(stage, [], 'https://evil.example'),
    status: 403,
    code: 'forbidden',
  },
  { name: 'without an Origin', handshake: (stage) => bare(stage, [], null), status: 403, code: 'forbidden' },
  {
    name: 'that is malformed',
    handshake: (stage) => withLines(bare(stage), 'Sec-WebSocket-Version', 'Sec-WebSocket-Version: 8'),
    status: 400,
    code: 'bad_request',
  },
  {
    name: 'with a ticket where none is looked for',
    handshake: (stage, ticket) => bare(stage, [`Cookie: __Host-wsticket=${ticket}`]),
    status: 401,
    code: 'ticket_required',
  },
  {
    name: 'with a key alone',
    handshake: (stage) => bare(stage, [`Sec-WebSocket-Protocol: ${generateKey()}`]),
    status: 401,
    code: 'ticket_required',
  },
]

function refuses({ name, handshake, status, code }: Refusal): AdapterCase {
  return {
    name: `waits for no first message after a handshake ${name}`,
    run: (harness) =>
      onStage(harness, options, async (stage) => {
        const issued = await stage.issue()
        const frames = textFrame(ticketText(issued))
        await expectRefused(await send(stage, handshake(stage, issued.ticket), { frames }), status, code)
        await expectState(stage, issued, 'pending')
        expectReached(stage, 0)
      }),
  }
}

/** What an adapter does with a ticket in the first message. */
const waitingCases: readonly AdapterCase[] = [
  {
    name: 'admits by the first message, and shows the application nothing of it',
    run: (harness) =>
      onStage(harness, options, async (stage) => {
        const client = await send(stage, bare(stage))
        const response = await expectAdmitted(client)
        expectSame('the subprotocol', selectedProtocol(response), null)
        expectReached(stage, 0)
        client.send(textFrame(ticketText(await stage.issue())))
        await expectEcho(client)
        expectReached(stage, 1, 1)
        const [view] = stage.connections
        expectThat(view !== undefined, 'the application should get the WebSocket')
        expectSecretless(view)
      }),
  },
  {
    name: 'admits a locked ticket with its key in the first message, and refuses it without',
    run: (harness) =>
      onStage(harness, options, async (stage) => {
        const key = generateKey()
        const showing = await send(stage, bare(stage))
        showing.send(textFrame(ticketText(await stage.issue({ lock: lockOfKey(key) }), { key })))
        await expectAdmitted(showing)
        await expectEcho(showing)
        const keyless = await send(stage, bare(stage))
        keyless.send(textFrame(ticketText(await stage.issue({ lock: lockOfKey(key) }))))
        await expectAdmitted(keyless)
        await expectClosedWith(keyless, 4401, 'invalid_ticket')
        expectReached(stage, 1, 1)
      }),
  },
  {
    name: 'admits a ticket in the first message once, and one for another service never',
    run: (harness) =>
      onStage(harness, options, async (stage) => {
        const issued = await stage.issue()
        const show = async (one: IssuedTicket): Promise<RawClient> => {
          const client = await send(stage, bare(stage), { frames: textFrame(ticketText(one)) })
          await expectAdmitted(client)
          return client
        }
        await expectEcho(await show(issued))
        await expectClosedWith(await show(issued), 4401, 'invalid_ticket')
        await expectClosedWith(await show(await stage.issue({ audience: 'elsewhere' })), 4401, 'invalid_ticket')
        expectReached(stage, 1, 1)
      }),
  },
  {
    name: 'sends nothing before the first message is decided, and loses nothing that comes behind it',
    run: (harness) =>
      onStage(harness, options, async (stage) => {
        const arrival = stage.store.hold()
        const texts = Array.from({ length: 40 }, (_, at) => `${at} ${'x'.repeat(2000)}`)
        const opening = textFrame(ticketText(await stage.issue()))
        const client = await send(stage, bare(stage), { frames: Buffer.concat([opening, ...texts.map(textFrame)]) })
        await expectAdmitted(client)
        await arrival
        client.send(textFrame('last'))
        await serverHasHeard(stage)
        expectReached(stage, 0)
        expectSame('the number of bytes that were sent', client.unread(), 0)
        stage.store.release()
        for (const text of [...texts, 'last']) await expectText(client, `echo ${text}`)
      }),
  },
  {
    name: 'selects the first subprotocol of the application, and no extension, before the first message',
    needs: ['application_protocols'],
    run: (harness) =>
      onStage(harness, { ...options, protocols: ['chat.v2', 'chat.v1'] }, async (stage) => {
        const lines = [
          'Sec-WebSocket-Protocol: wsticket.v1, chat.v1, chat.v2',
          'Sec-WebSocket-Extensions: permessage-deflate',
        ]
        const client = await send(stage, bare(stage, lines))
        const response = await expectAdmitted(client)
        expectSame('the subprotocol', selectedProtocol(response), 'chat.v1')
        expectSame('the extensions', headerOf(response, 'sec-websocket-extensions'), null)
        client.send(textFrame(ticketText(await stage.issue())))
        await expectEcho(client)
      }),
  },
  {
    name: 'closes with 4408 where no first message comes in time, however many of its bytes do',
    run: (harness) =>
      onStage(harness, { ...options, messageDeadlineMs: 300 }, async (stage) => {
        const issued = await stage.issue()
        const silent = await send(stage, bare(stage))
        const dripping = await send(stage, bare(stage))
        const frame = textFrame(ticketText(issued))
        let at = 0
        const drip = setInterval(() => dripping.send(frame.subarray(at, ++at)), 50)
        try {
          for (const client of [silent, dripping]) {
            await expectAdmitted(client)
            await expectClosedWith(client, 4408, 'timeout')
          }
        } finally {
          clearInterval(drip)
        }
        await expectState(stage, issued, 'pending')
        expectReached(stage, 0)
      }),
  },
  {
    name: 'closes with 1012 at once, where a drain begins, who has not sent a first message or not all of it',
    run: (harness) =>
      onStage(harness, { ...options, messageDeadlineMs: 600_000 }, async (stage) => {
        const issued = await stage.issue()
        const silent = await send(stage, bare(stage))
        const dripping = await send(stage, bare(stage), { frames: textFrame(ticketText(issued)).subarray(0, -1) })
        for (const client of [silent, dripping]) await expectAdmitted(client)
        await serverHasHeard(stage)
        const drained = stage.sessions.drain({ windowMs: 0 })
        for (const client of [silent, dripping]) await expectClosedWith(client, 1012, 'restarting')
        await within(deadlineOf(harness), 'The drain', drained)
        await expectState(stage, issued, 'pending')
        expectReached(stage, 0)
      }),
  },
  {
    name: 'takes a ticket message for data of the application where the handshake had a ticket',
    run: (harness) =>
      onStage(harness, options, async (stage) => {
        const [first, second] = [await stage.issue(), await stage.issue()]
        const client = await send(stage, presenting(stage, first))
        await expectAdmitted(client)
        await expectEcho(client, ticketText(second))
        await expectState(stage, second, 'pending')
      }),
  },
  {
    name: 'takes a second ticket message for data of the application',
    run: (harness) =>
      onStage(harness, options, async (stage) => {
        const [first, second] = [await stage.issue(), await stage.issue()]
        const client = await send(stage, bare(stage), { frames: textFrame(ticketText(first)) })
        await expectAdmitted(client)
        await expectEcho(client, ticketText(second))
        await expectState(stage, second, 'pending')
      }),
  },
  {
    name: 'forgets a client that vanishes between its first message and the decision',
    run: (harness) =>
      onStage(harness, options, async (stage) => {
        const arrival = stage.store.hold()
        const issued = await stage.issue()
        const client = await send(stage, bare(stage), { frames: textFrame(ticketText(issued)) })
        await arrival
        client.reset()
        await client.closed
        await serverHasHeard(stage)
        stage.store.release()
        await expectEcho(await open(stage))
        await expectState(stage, issued, 'redeemed')
        expectReached(stage, 1, 1)
      }),
  },
]

/** Tickets in the first message: what is admitted, what is closed, and what does not get so far. */
export const firstMessageCases: readonly AdapterCase[] = [
  {
    name: 'waits for no first message unless told to',
    run: (harness) =>
      onStage(harness, {}, async (stage) => {
        await expectRefused(await send(stage, bare(stage)), 401, 'ticket_required')
        expectReached(stage, 0)
      }),
  },
  ...refusals.map(refuses),
  ...waitingCases.map((one): AdapterCase => ({ ...one, needs: ['first_message', ...(one.needs ?? [])] })),
  ...closingCases,
]
