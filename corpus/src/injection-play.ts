/**
 * Puts texts that mean something to an engine before a store: in the place of an id, and into records.
 * @module
 */

import type { TicketStore } from 'wsticket'
import { idOfTicket, type StoreError, type Subject, systemClock, type TicketId, type TicketRecord } from 'wsticket'
import { type InjectionCase, storeInjection } from './classes/store-injection.ts'
import { ticketOf } from './tickets.ts'

const lifetimeMs = 60_000

function recordOf(label: string, members: Partial<TicketRecord> = {}): TicketRecord {
  const now = systemClock()
  return {
    id: idOfTicket(ticketOf(label)),
    subject: 'https://id.example#alice' as Subject,
    audience: 'chat',
    claims: {},
    clientAddress: null,
    origin: null,
    lock: null,
    issuedAt: now,
    expiresAt: (now + lifetimeMs) as TicketRecord['expiresAt'],
    sessionExpiresAt: null,
    ...members,
  }
}

/** Plays every case against a store of its own. Returns one line for each expectation that was not met. */
export async function playInjections(store: TicketStore): Promise<readonly string[]> {
  const bystander = recordOf('injection: a bystander')
  await store.insert(bystander)
  const complaints: string[] = []
  for (const one of storeInjection.cases) {
    complaints.push(...(await asId(store, one)))
    if (one.verdict === 'whole') complaints.push(...(await inRecord(store, one)))
    const { kind } = await store.read(bystander.id, systemClock())
    if (kind !== 'pending') complaints.push(`${one.name}: another ticket is ${kind}`)
  }
  const { kind } = await store.redeem(bystander.id, systemClock())
  if (kind !== 'redeemed') complaints.push(`the ticket beside all that is ${kind}`)
  return complaints
}

/** An id that is none: nothing is found, and nothing is done. That an engine cannot be asked about it is good enough. */
async function asId(store: TicketStore, { name, text }: InjectionCase): Promise<readonly string[]> {
  const id = text as TicketId
  const outcomes = [
    await outcomeOf(async () => (await store.read(id, systemClock())).kind),
    await outcomeOf(async () => (await store.redeem(id, systemClock())).kind),
    await outcomeOf(async () => String(await store.revoke(id, systemClock()))),
  ].join(' ')
  return /^(?:unknown unknown false|fault fault fault)$/.test(outcomes) ? [] : [`${name}: is ${outcomes}`]
}

async function outcomeOf(ask: () => Promise<string>): Promise<string> {
  return ask().catch((error: StoreError) => (error.name === 'StoreError' ? 'fault' : error.name))
}

/** Wherever a record has a text of somebody else's. */
async function inRecord(store: TicketStore, { name, text }: InjectionCase): Promise<readonly string[]> {
  const record = recordOf(`injection: ${name}`, {
    subject: `https://id.example#${text}` as Subject,
    audience: text,
    claims: { [`a${text}`]: text },
    origin: text,
  })
  await store.insert(record)
  const outcome = await store.redeem(record.id, systemClock())
  const isWhole = outcome.kind === 'redeemed' && membersOf(outcome.record) === membersOf(record)
  return isWhole ? [] : [`${name}: comes back as something else`]
}

/** The members in one order: an engine need not keep theirs. */
function membersOf(record: TicketRecord): string {
  return JSON.stringify(Object.entries(record).sort(([one], [other]) => (one < other ? -1 : 1)))
}
