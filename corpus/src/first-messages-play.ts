/**
 * Opens WebSockets without a ticket, sends what a case says first, and says where something else comes back than the verdict.
 * @module
 */
import { connect } from 'node:net'
import { idOfTicket, systemClock, type TicketStore } from 'wsticket'
import type { FirstMessageCase } from './classes/first-messages.ts'
import { statusOf } from './exchange.ts'
import { framesOf } from './frames-play.ts'
import { goodRequestLine, linesWith, requestOf } from './handshake-case.ts'
import { issue } from './handshake-play.ts'
import { keyOf, ticketOf } from './tickets.ts'

/** A server that echoes, and the store that its tickets are in. */
export interface FirstMessagesTarget {
  readonly port: number
  readonly store: TicketStore
}

const atATime = 32
const deadlineMs = 8000

/** Plays every case. Returns one line for each expectation that was not met. */
export async function playFirstMessages(
  target: FirstMessagesTarget,
  cases: readonly FirstMessageCase[],
): Promise<readonly string[]> {
  const complaints: string[] = []
  const waiting = [...cases]
  const play = async () => {
    for (let next = waiting.shift(); next !== undefined; next = waiting.shift())
      complaints.push(...(await complaintsAbout(target, next)))
  }
  await Promise.all(Array.from({ length: atATime }, play))
  return complaints
}

async function complaintsAbout(
  { port, store }: FirstMessagesTarget,
  one: FirstMessageCase,
): Promise<readonly string[]> {
  const { name, verdict, spends = verdict === 'admitted', isLocked = false } = one
  const ticket = ticketOf(`first messages: ${name}`)
  const key = keyOf(name)
  await issue(store, ticket, { clientAddress: '127.0.0.1', key: isLocked ? key : undefined })
  const bytes = one.bytesWith(ticket, ticketOf(`first messages, of nobody: ${name}`), key)
  const outcome = await outcomeOf(port, bytes, one)
  const { kind } = await store.read(idOfTicket(ticket), systemClock())
  const state = spends ? 'redeemed' : 'pending'
  return [
    ...(outcome === verdict ? [] : [`${name}: should be ${verdict}, not ${outcome}`]),
    ...(kind === state ? [] : [`${name}: its ticket should be ${state}, not ${kind}`]),
  ]
}

function outcomeOf(
  port: number,
  bytes: string,
  { drips = false, finishes = false }: FirstMessageCase,
): Promise<string> {
  const socket = connect({ port, host: '127.0.0.1', allowHalfOpen: true })
  const rest = Buffer.from(bytes, 'latin1')
  let text = ''
  let sent = false

  async function send(): Promise<void> {
    sent = true
    for (const chunk of drips ? rest.toString('latin1') : [rest.toString('latin1')]) {
      socket.write(chunk, 'latin1')
      if (drips) await new Promise((resolve) => setTimeout(resolve, 1))
    }
    if (finishes) socket.end()
  }

  return new Promise((resolve) => {
    const settle = () => {
      clearTimeout(timer)
      socket.destroy()
      if (statusOf(text) !== 101) return resolve(`status ${statusOf(text)}`)
      const [first = 'nothing'] = framesOf(text)
      // A text comes back: that of the case itself where it was said twice.
      resolve(first === 'echo' || first === 'opcode 1' ? 'admitted' : first)
    }
    const timer = setTimeout(settle, deadlineMs)
    socket.on('error', () => {})
    socket.on('close', settle).on('end', settle)
    socket.on('data', (chunk: Buffer) => {
      text += chunk.toString('latin1')
      if (!sent && text.includes('\r\n\r\n')) void send()
      if (framesOf(text).length > 0) settle()
    })
    socket.write(requestOf(goodRequestLine, linesWith('', { protocol: [] })), 'latin1')
  })
}
