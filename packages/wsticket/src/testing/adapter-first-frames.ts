/**
 * Cases of the adapter suite: first messages that bring no good ticket.
 * @module
 */
import type { IssuedTicket } from '../issuer.ts'
import { generateTicket } from '../ticket.ts'
import type { AdapterCase } from './adapter-harness.ts'
import { expectAdmitted, expectReached, expectState, send } from './adapter-moves.ts'
import { origin as listedOrigin, onStage, type Stage, type StageOptions } from './adapter-stage.ts'
import { expectSame } from './conformance-case.ts'
import type { RawClient } from './raw-client.ts'
import { handshakeTo, type RawHandshake } from './raw-handshake.ts'
import { encodeFrame, opcodes, textFrame } from './websocket-frame.ts'

/** Where a first message may bring the ticket. */
export const options: StageOptions = { carriers: ['message', 'subprotocol'] }

/** A handshake without a ticket. */
export function bare(
  { server }: Stage,
  lines: readonly string[] = [],
  origin: string | null = listedOrigin,
): RawHandshake {
  return handshakeTo({ url: server.wsUrl, origin, lines })
}

/** The message that brings a ticket. */
export function ticketText({ ticket }: Pick<IssuedTicket, 'ticket'>, others: object = {}): string {
  return JSON.stringify({ type: 'ticket', ticket, ...others })
}

/** The server closes the WebSocket so, and then the connection, and sends nothing else. */
export async function expectClosedWith(client: RawClient, code: number, reason: string): Promise<void> {
  const { opcode, payload } = await client.readFrame()
  expectSame('the opcode', opcode, opcodes.close)
  expectSame('the close code', payload.readUInt16BE(), code)
  expectSame('the reason', payload.toString('latin1', 2), reason)
  expectSame('the number of bytes after the close frame', (await client.readToEnd()).length, 0)
}

/** What a client shows in place of a good ticket, and what it gets. */
interface Attempt {
  /** Completes "closes ". */
  readonly name: string
  readonly frame: (ticket: string) => Uint8Array
  readonly code: number
  readonly reason: string
  readonly state: string
}

function said(name: string, text: (ticket: string) => string, isMalformed = true): Attempt {
  const outcome = isMalformed ? ([4400, 'bad_request'] as const) : ([4401, 'invalid_ticket'] as const)
  const [code, reason] = outcome
  return { name, frame: (ticket) => textFrame(text(ticket)), code, reason, state: 'pending' }
}

function framed(name: string, reshape: (good: Buffer) => Uint8Array): Attempt {
  const frame = (ticket: string) => reshape(textFrame(ticketText({ ticket: ticket as IssuedTicket['ticket'] })))
  return { name, frame, code: 4400, reason: 'bad_request', state: 'pending' }
}

function withFirstByte(byte: number): (good: Buffer) => Uint8Array {
  return (good) => Buffer.concat([Buffer.from([byte]), good.subarray(1)])
}

const attempts: readonly Attempt[] = [
  said('a ticket that nobody issued', () => ticketText({ ticket: generateTicket() }), false),
  said('what is no ticket', () => JSON.stringify({ type: 'ticket', ticket: 'wst_short' }), false),
  said('a ticket beside another', (ticket) => `{"type":"ticket","ticket":"${ticket}","ticket":"${ticket}"}`),
  said('a ticket beside something else', (ticket) => JSON.stringify({ type: 'ticket', ticket, room: 'a' })),
  said('a ticket with what is no key', (ticket) => JSON.stringify({ type: 'ticket', ticket, key: 'wsk_' })),
  said('a ticket of another type', (ticket) => JSON.stringify({ type: 'hello', ticket })),
  said('a ticket inside a list', (ticket) => JSON.stringify([{ type: 'ticket', ticket }])),
  said('a ticket alone', (ticket) => ticket),
  said('an empty message', () => ''),
  said('a message longer than 1 KiB', (ticket) => JSON.stringify({ type: 'ticket', ticket }).padEnd(1025)),
  framed('a binary message', withFirstByte(0x82)),
  framed('a fragment', withFirstByte(0x01)),
  framed('a continuation of nothing', withFirstByte(0x80)),
  framed('a compressed message', withFirstByte(0xc1)),
  framed('a ping before the ticket', (good) =>
    Buffer.concat([encodeFrame(opcodes.ping, Buffer.from('is anybody there?')), good]),
  ),
  framed('a message without a mask', () => encodeFrame(opcodes.text, Buffer.from('{}'), { masked: false })),
  framed('a message that is no UTF-8', () => encodeFrame(opcodes.text, Buffer.from([0x22, 0xff, 0x22]))),
  framed('a message of which only the length is there, and too great', () =>
    encodeFrame(opcodes.text, Buffer.alloc(0), { announcedLength: 2 ** 40 }),
  ),
]

function closes({ name, frame, code, reason, state }: Attempt): AdapterCase {
  return {
    name: `closes with ${code} after ${name} as the first message`,
    needs: ['first_message'],
    run: (harness) =>
      onStage(harness, options, async (stage) => {
        const issued = await stage.issue()
        const client = await send(stage, bare(stage), { frames: frame(issued.ticket) })
        await expectAdmitted(client)
        await expectClosedWith(client, code, reason)
        await expectState(stage, issued, state)
        expectReached(stage, 0)
      }),
  }
}

/** What closes a WebSocket in place of a ticket. */
export const closingCases: readonly AdapterCase[] = attempts.map(closes)
