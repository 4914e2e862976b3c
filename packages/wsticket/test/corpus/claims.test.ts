import { expect, it } from 'vitest'
import {
  createAdmission,
  createIssuer,
  createTicketEndpoint,
  type Identity,
  idOfTicket,
  parseTicket,
  type TicketRecord,
} from 'wsticket'
import { createMemoryStore } from 'wsticket/stores/memory'
import { type ClaimsCase, claims } from 'wsticket-corpus/classes/claims'
import { mostKeptBytes, watch } from 'wsticket-corpus/watch'
import { copyClaims, maxClaimsBytes } from '../../src/claims.ts'
import { readRecord, writeRecord } from '../../src/record-text.ts'
import { offering } from '../core/verifier.ts'

const forbidden = ['__proto__', 'constructor', 'prototype']
const identity: Identity = { issuer: 'https://id.example', subject: 'alice', expiresAt: null, claims: {} }
const peer = { address: '192.0.2.7' }

/** The way of claims: from the grant to the session that the application is handed. Null where there is no ticket. */
async function carry(granted: object): Promise<object | null> {
  const memory = createMemoryStore()
  // As on an engine: a record is text in between.
  const asText = (record: TicketRecord) => readRecord(writeRecord(record), record.id)
  const store = { ...memory, insert: (record: TicketRecord) => memory.insert(asText(record)) }
  const endpoint = createTicketEndpoint({
    issuer: createIssuer({ store, audiences: ['chat'] }),
    authenticate: async () => identity,
    grant: () => ({ audience: 'chat', claims: granted }),
    origins: [],
  })
  const response = await endpoint.fetch(new Request('http://localhost/tickets', { method: 'POST' }), peer)
  if (response.status !== 201) return response.status === 503 ? null : {}
  const { ticket } = (await response.json()) as { ticket: string }
  const admission = createAdmission({ store, audience: 'chat', origins: ['https://app.example'] })
  const decision = await admission.admit(offering(ticket))
  const record = await memory.read(idOfTicket(parseTicket(ticket) as never), 0 as never)
  if (decision.kind !== 'admitted' || record.kind === 'unknown') return {}
  return decision.session.claims
}

function objectsWithin(value: unknown): readonly object[] {
  return typeof value === 'object' && value !== null ? [value, ...Object.values(value).flatMap(objectsWithin)] : []
}

/** JSON without the members that could reach a prototype, as text. */
function cleaned(value: object): string {
  return JSON.stringify(JSON.parse(JSON.stringify(value)), (_, inner: unknown) => {
    if (typeof inner !== 'object' || inner === null || Array.isArray(inner)) return inner
    const kept = Object.create(null) as { [member: string]: unknown }
    for (const [member, one] of Object.entries(inner)) if (!forbidden.includes(member)) kept[member] = one
    return kept
  })
}

async function complaintsOf({ name, verdict, make }: ClaimsCase): Promise<readonly string[]> {
  const carried = await carry(make())
  if (verdict === 'refused') return carried === null ? [] : [`${name}: should be refused`]
  if (carried === null) return [`${name}: should be kept`]
  const objects = objectsWithin(carried).filter((value) => !Array.isArray(value))
  const complaints: string[] = []
  if (JSON.stringify(carried) !== cleaned(make())) complaints.push('is something else')
  if (objects.some((object) => Object.getPrototypeOf(object) !== null)) complaints.push('has a prototype')
  if (objects.some((object) => forbidden.some((member) => Object.hasOwn(object, member))))
    complaints.push('reaches one')
  if (Buffer.byteLength(JSON.stringify(carried)) > maxClaimsBytes) complaints.push('is too large')
  if (JSON.stringify(copyClaims(carried)) !== JSON.stringify(carried)) complaints.push('is another when copied again')
  return complaints.map((complaint) => `${name}: ${complaint}`)
}

it('claims reach the application as JSON carries them, and never a prototype', async () => {
  const { result, crashes, keptBytes } = await watch(async () => {
    const complaints: string[] = []
    for (const one of claims.cases) complaints.push(...(await complaintsOf(one)))
    return complaints
  })
  expect(result).toEqual([])
  expect(crashes).toEqual([])
  expect(keptBytes).toBeLessThan(mostKeptBytes)
  expect(({} as { polluted?: boolean }).polluted).toBeUndefined()
})
