/**
 * Opens WebSockets, sends the bytes of a case, and says where something else comes back than the verdict.
 * @module
 */
import type { TicketStore } from 'wsticket'
import type { FramesCase } from './classes/frames.ts'
import { exchange, statusOf } from './exchange.ts'
import { goodRequestLine, linesWith, requestOf } from './handshake-case.ts'
import { issue } from './handshake-play.ts'
import { ticketOf } from './tickets.ts'

/** A server that echoes, and the store that its tickets are in. */
export interface FramesTarget {
  readonly port: number
  readonly store: TicketStore
}

const atATime = 8

/** Plays every case. Returns one line for each expectation that was not met. */
export async function playFrames(target: FramesTarget, cases: readonly FramesCase[]): Promise<readonly string[]> {
  const complaints: string[] = []
  const waiting = [...cases]
  const play = async () => {
    for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) {
      const outcome = await outcomeOf(target, next)
      if (outcome !== next.verdict) complaints.push(`${next.name}: should be ${next.verdict}, not ${outcome}`)
    }
  }
  await Promise.all(Array.from({ length: atATime }, play))
  return complaints
}

async function outcomeOf({ port, store }: FramesTarget, { name, bytes, together }: FramesCase): Promise<string> {
  const ticket = ticketOf(`frames: ${name}`)
  await issue(store, ticket, { clientAddress: '127.0.0.1' })
  const request = requestOf(goodRequestLine, linesWith(ticket))
  const { text } = await exchange(port, together ? request + bytes : request, {
    enough: (received) => framesOf(received).some((frame) => frame === 'echo' || /^\d+$/.test(frame)),
    ...(together ? {} : { later: (received: string) => (received.includes('\r\n\r\n') ? bytes : null) }),
  })
  if (statusOf(text) !== 101) return `status ${statusOf(text)}`
  return framesOf(text).find((frame) => frame !== 'pong') ?? 'nothing'
}

/** What a server has sent behind its 101: `echo`, `pong`, the code of a close, or the opcode of anything else. */
export function framesOf(text: string): readonly string[] {
  const bytes = Buffer.from(text.slice(text.indexOf('\r\n\r\n') + 4), 'latin1')
  if (!text.includes('\r\n\r\n')) return []
  const frames: string[] = []
  for (let at = 0; at + 2 <= bytes.length; ) {
    const length = (bytes[at + 1] as number) & 0x7f
    if (length > 125 || at + 2 + length > bytes.length) break
    frames.push(frameOf((bytes[at] as number) & 0x0f, bytes.subarray(at + 2, at + 2 + length)))
    at += 2 + length
  }
  return frames
}

function frameOf(opcode: number, payload: Buffer): string {
  if (opcode === 8) return payload.length < 2 ? '1005' : String(payload.readUInt16BE())
  if (opcode === 10) return 'pong'
  return opcode === 1 && payload.toString() === 'hello' ? 'echo' : `opcode ${opcode}`
}
