import { describe, expect, it } from 'vitest'
import { createAdmission } from '../../src/admission.ts'
import { createIssuer } from '../../src/issuer.ts'
import { createMemoryStore } from '../../src/stores/memory.ts'
import { createTicketEndpoint } from '../../src/ticket-endpoint.ts'
import { at, createAudit, pageOrigin, recordOf, start, ticketOf } from './fixtures.ts'
import { codeOf, offering, setUpVerifier } from './verifier.ts'

const ticket = ticketOf(1)
const never = () => new Promise<never>(() => {})
const deadlineMs = 20

describe('a decision that takes too long', () => {
  it('because of permit is refused, and the ticket is spent', async () => {
    const { admission, store, clock, events } = setUpVerifier({ permit: never, deadlineMs })
    const record = recordOf(ticket)
    await store.insert(record)
    expect(await admission.admit(offering(ticket))).toEqual({ kind: 'refused', code: 'store_unavailable' })
    expect(events).toMatchObject([{ type: 'refused', ticketId: record.id, fault: 'DeadlineError deadline' }])
    expect((await store.read(record.id, clock.now())).kind).toBe('redeemed')
  })

  it('because of the store is refused', async () => {
    const audit = createAudit()
    const store = { ...createMemoryStore(), redeem: never }
    const admission = createAdmission({
      store,
      audience: 'chat',
      origins: [pageOrigin],
      deadlineMs,
      onEvent: audit.onEvent,
    })
    expect(await admission.admit(offering(ticket))).toMatchObject({ code: 'store_unavailable' })
    expect(audit.events).toMatchObject([{ fault: 'DeadlineError deadline' }])
  })

  it('and is made after all is not heard of again', async () => {
    let allow: (allowed: boolean) => void = () => {}
    const permit = () => new Promise<boolean>((resolve) => (allow = resolve))
    const { admission, store, events } = setUpVerifier({ permit, deadlineMs })
    await store.insert(recordOf(ticket))
    await admission.admit(offering(ticket))
    allow(true)
    await new Promise((resolve) => setImmediate(resolve))
    expect(events.map(({ type }) => type)).toEqual(['refused'])
  })

  it.each(['authenticate', 'grant'])('because of %s gives no ticket', async (hook) => {
    const audit = createAudit()
    const identity = { issuer: 'https://id.example', subject: 'alice', expiresAt: null, claims: {} }
    const endpoint = createTicketEndpoint({
      issuer: createIssuer({ store: createMemoryStore(), audiences: ['chat'] }),
      authenticate: async () => identity,
      [hook]: never,
      origins: [pageOrigin],
      deadlineMs,
      onEvent: audit.onEvent,
    })
    const request = new Request('https://api.example/tickets', { method: 'POST' })
    expect((await endpoint.fetch(request, { address: '192.0.2.1' })).status).toBe(503)
    expect(audit.events).toMatchObject([{ type: 'issue_refused', fault: 'DeadlineError deadline' }])
  })
})

describe('a permission that takes two seconds', () => {
  it.each([
    ['comes too late for a session that ends then', at(start + 2000), 'ticket_expired'],
    ['comes in time for one that ends later', at(start + 2001), 'admitted'],
    ['comes in time for one that never ends', null, 'admitted'],
  ])('%s', async (_, sessionExpiresAt, code) => {
    const permit = async () => {
      verifier.clock.advance(2000)
      return true
    }
    const verifier = setUpVerifier({ permit })
    await verifier.store.insert(recordOf(ticket, { sessionExpiresAt }))
    expect(await codeOf(verifier.admission, offering(ticket))).toBe(code)
  })
})
