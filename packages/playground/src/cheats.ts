/**
 * Seven ways to cheat: what each pretends, what it hopes for, and what must come of it.
 * @module
 */
import { createLock } from 'wsticket/client'
import {
  attemptHandshake,
  type Exchange,
  type Pretence,
  requestTicket,
  requestToken,
  type Ticket,
  type TicketWish,
} from './api.ts'
import type { AuditFeed } from './audit-feed.ts'
import type { PrivateCode } from './explanations.ts'
import type { IconName } from './icons.ts'
import { maskSecret } from './masks.ts'
import type { Session } from './session.ts'
import { forgeSignature } from './token.ts'

/** One request of a cheat, and whether it should have got through. */
export interface Stage {
  readonly title: string
  readonly exchange: Exchange
  readonly admitted: boolean
  readonly shouldBe: 'admitted' | 'refused'
}

/** What came of a cheat. The last stage is the cheat itself. */
export interface CheatReport {
  /** What was done, honestly, before; masked. */
  readonly preparation: string
  readonly stages: readonly Stage[]
  /** What the audit says of the last stage; null where it did not say it in time. */
  readonly code: PrivateCode | null
}

/** What a cheat has to work with. */
export interface CheatTools {
  readonly session: Session
  readonly feed: AuditFeed
  /** Lets time pass, for everyone to see. */
  wait(seconds: number): Promise<void>
}

/** A way to cheat. */
export interface Cheat {
  readonly id: string
  readonly icon: IconName
  readonly title: string
  /** One line: what is done. */
  readonly idea: string
  /** What the button says. */
  readonly action: string
  readonly expected: { readonly status: number; readonly publicCode: string }
  readonly hoped: string
  /** The line of the request that does the cheating; none where it is not in the request. */
  readonly decisive?: RegExp
  /** @throws Error with a sentence for the user, where it cannot even be tried */
  run(tools: CheatTools): Promise<CheatReport>
}

const invalidTicket = { status: 401, publicCode: 'invalid_ticket' }
const ticketLine = /^Sec-WebSocket-Protocol:/i
const foreignOrigin = 'https://evil.example'
const foreignAddress = '127.9.9.9'
const shortTokenSeconds = 4
// Past the end of the ticket, whose lifetime the answer rounds down to whole seconds.
const marginSeconds = 1.2
const auditPatienceMs = 3000

/** All of them, in the order of the page. */
export const cheats: readonly Cheat[] = [
  {
    id: 'twice',
    icon: 'twice',
    title: 'The same ticket twice',
    idea: 'Copy a ticket that has just been used, and present it again.',
    action: 'Use a ticket twice',
    expected: invalidTicket,
    hoped: 'That a ticket found in a log, a proxy or a browser extension still opens the door.',
    decisive: ticketLine,
    async run({ session }) {
      const ticket = await getTicket(session.token)
      const first = await knock('First time, by its owner', ticket, {})
      const second = await knock('Second time, by the thief', ticket, {})
      const stages = [{ ...first.stage, shouldBe: 'admitted' as const }, second.stage]
      return { preparation: describeTicket(ticket), stages, code: second.code }
    },
  },
  {
    id: 'stolen',
    icon: 'keyRefused',
    title: 'A stolen ticket without its key',
    idea: 'Read a locked ticket in a cache or a log on its way to the page, and be there first.',
    action: 'Use a stolen ticket',
    expected: invalidTicket,
    hoped: 'That whoever sees a ticket can use it. Its key never left the page.',
    decisive: ticketLine,
    async run({ session }) {
      const wish = { lock: (await createLock()).lock }
      const ticket = await getTicket(session.token, wish)
      return report(ticket, await knock('By the thief, who has no key', ticket, {}), wish)
    },
  },
  {
    id: 'expired',
    icon: 'clock',
    title: 'An expired ticket',
    idea: `Get a ticket with a token that ends in ${shortTokenSeconds} seconds, keep it, and come too late.`,
    action: 'Come too late',
    expected: invalidTicket,
    hoped: 'That a ticket outlives the token that bought it.',
    decisive: ticketLine,
    async run({ session, wait }) {
      const ticket = await getTicket(await requestToken(session.name, shortTokenSeconds))
      await wait(ticket.expiresIn + marginSeconds)
      return report(ticket, await knock('After its time', ticket, {}))
    },
  },
  {
    id: 'audience',
    icon: 'signpost',
    title: 'A ticket for another service',
    idea: 'Get an honest ticket for billing, and present it to the chat.',
    action: 'Use a billing ticket',
    expected: invalidTicket,
    hoped: 'That a ticket for a service of little worth opens one of great worth.',
    decisive: ticketLine,
    async run({ session }) {
      const wish = { audience: 'billing' }
      const ticket = await getTicket(session.token, wish)
      return report(ticket, await knock('At the door of the chat', ticket, {}), wish)
    },
  },
  {
    id: 'origin',
    icon: 'globe',
    title: 'A foreign Origin',
    idea: `Have the page ${foreignOrigin} open the WebSocket.`,
    action: 'Come from another site',
    expected: { status: 403, publicCode: 'forbidden' },
    hoped: "That any site can open a WebSocket in its visitors' name, as browsers let it.",
    decisive: /^Origin:/i,
    async run({ session }) {
      const ticket = await getTicket(session.token)
      return report(ticket, await knock('From a foreign page', ticket, { origin: foreignOrigin }))
    },
  },
  {
    id: 'address',
    icon: 'pin',
    title: 'Another address',
    idea: `Carry the ticket to another machine, ${foreignAddress}, and present it from there.`,
    action: 'Come from another address',
    expected: invalidTicket,
    hoped: 'That a stolen ticket is good on the machine of the thief.',
    async run({ session }) {
      const ticket = await getTicket(session.token)
      const knocked = await knock('From another address', ticket, { fromAddress: foreignAddress })
      const { preparation, ...rest } = report(ticket, knocked)
      return { preparation: `${preparation} Presented in a connection from ${foreignAddress}.`, ...rest }
    },
  },
  {
    id: 'forged',
    icon: 'pen',
    title: 'A forged token',
    idea: "Change a few characters of the token's signature, and ask for a ticket.",
    action: 'Forge the token',
    expected: { status: 401, publicCode: 'invalid_token' },
    hoped: 'That nobody checks who signed the token, so that anyone can be anyone.',
    decisive: /^Authorization:/i,
    run: forge,
  },
]

async function forge({ session, feed }: CheatTools): Promise<CheatReport> {
  const heard = feed.next((event) => event.type === 'issue_refused', auditPatienceMs)
  const { exchange, ticket } = await requestTicket(forgeSignature(session.token))
  const admitted = ticket !== null
  const event = admitted ? null : await heard
  const title = 'At the ticket endpoint'
  return {
    preparation: `Four characters of the signature of ${maskSecret(session.token)} were changed.`,
    stages: [{ title, exchange, admitted, shouldBe: 'refused' }],
    code: event?.type === 'issue_refused' ? event.code : null,
  }
}

interface Knock {
  readonly stage: Stage
  readonly code: PrivateCode | null
}

async function knock(title: string, { ticket }: Ticket, pretence: Pretence): Promise<Knock> {
  const { event, admitted, ...exchange } = await attemptHandshake(ticket, pretence)
  const code = event?.type === 'refused' ? event.code : null
  return { stage: { title, exchange, admitted, shouldBe: 'refused' }, code }
}

function report(ticket: Ticket, { stage, code }: Knock, wish?: TicketWish): CheatReport {
  return { preparation: describeTicket(ticket, wish), stages: [stage], code }
}

async function getTicket(token: string, wish?: TicketWish): Promise<Ticket> {
  const { ticket, exchange } = await requestTicket(token, wish)
  if (ticket !== null) return ticket
  const status = exchange.received[0]?.replace(/^HTTP\/\S+ /, '') ?? ''
  throw new Error(`Not tried: there was no ticket to cheat with. POST /tickets answered ${status}. Sign in again.`)
}

function describeTicket({ ticket, expiresIn }: Ticket, { audience, lock }: TicketWish = {}): string {
  const locked = lock === undefined ? '' : 'locked '
  const service = audience === undefined ? '' : ` for ${audience}`
  return `Got honestly: the ${locked}ticket ${maskSecret(ticket)}${service}, good for ${expiresIn} s.`
}
