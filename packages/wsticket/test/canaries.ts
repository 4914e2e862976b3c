/**
 * Secrets that are known, put through everything that uses a store, and a search for them in files.
 */
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect } from 'vitest'
import { createAdmission, createIssuer, createTicketEndpoint, type TicketStore } from '../src/index.ts'
import { generateKey, type Key, lockOfKey } from '../src/lock.ts'
import { sampleRecord } from '../src/testing/store-harness.ts'
import { generateTicket, idOfTicket, type Ticket } from '../src/ticket.ts'
import { opening, pageOrigin } from './core/fixtures.ts'

export interface Canaries {
  /** Tickets, keys and tokens: they must be nowhere. */
  readonly secrets: readonly string[]
  /** Ids of tickets that are stored: they must be found. */
  readonly ids: readonly string[]
  /** A ticket that was put into a record by hand: it must be found. */
  readonly planted: string
}

/** Issues, redeems, misuses and leaves tickets, locked and not, with a token for each. */
export async function releaseCanaries(store: TicketStore): Promise<Canaries> {
  const tokens: string[] = []
  const endpoint = createTicketEndpoint({
    issuer: createIssuer({ store, audiences: ['chat'] }),
    authenticate: async ({ headers }) =>
      tokens.includes((headers.get('authorization') ?? '').slice('Bearer '.length))
        ? { issuer: 'https://issuer.example', subject: 'alice', expiresAt: null, claims: {} }
        : 'credential_malformed',
    origins: [pageOrigin],
  })
  const admission = createAdmission({ store, audience: 'chat', origins: [pageOrigin] })
  const issue = async (key?: Key): Promise<Ticket> => {
    const token = generateTicket().slice('wst_'.length)
    tokens.push(token)
    const headers = { authorization: `Bearer ${token}`, origin: pageOrigin, 'content-type': 'application/json' }
    const body = key === undefined ? '{}' : JSON.stringify({ lock: lockOfKey(key) })
    const request = new Request('https://api.example/tickets', { method: 'POST', headers, body })
    const answer = await endpoint.answer(request, { address: '192.0.2.7' })
    expect(answer.status).toBe(201)
    return (JSON.parse(answer.body) as { ticket: Ticket }).ticket
  }
  const show = async (...offered: readonly string[]) => {
    const headers = { 'Sec-WebSocket-Protocol': ['wsticket.v1', ...offered].join(', ') }
    return (await admission.admit(opening({ headers }))).kind
  }
  const [key, wrongKey] = [generateKey(), generateKey()]
  const tickets = {
    plain: await issue(),
    locked: await issue(key),
    cheated: await issue(key),
    pending: await issue(key),
  }
  const unknown = generateTicket()
  expect(await show(tickets.plain)).toBe('admitted')
  expect(await show(tickets.plain)).toBe('refused')
  expect(await show(tickets.locked, key)).toBe('admitted')
  expect(await show(tickets.cheated, wrongKey)).toBe('refused')
  expect(await show(unknown, key)).toBe('refused')
  const planted = generateTicket()
  await store.insert({ ...sampleRecord(Date.now() as Parameters<typeof sampleRecord>[0]), claims: { planted } })
  return {
    secrets: [...Object.values(tickets), unknown, key, wrongKey, ...tokens],
    ids: Object.values(tickets).map(idOfTicket),
    planted,
  }
}

/**
 * Fails where a secret is in any file of a folder, or in what an engine has printed, in any form; and where what must be there is
 * not found.
 */
export function expectNoCanary(folder: string, printed: string, { secrets, ids, planted }: Canaries): void {
  const texts = [...filesOf(folder), Buffer.from(printed)]
  const isSomewhere = (secret: string) => formsOf(secret).some((form) => texts.some((text) => text.includes(form)))
  expect(ids.map(isSomewhere)).toEqual(ids.map(() => true))
  expect(isSomewhere(planted)).toBe(true)
  expect(secrets.map(isSomewhere)).toEqual(secrets.map(() => false))
}

/** As text, without its prefix, as bytes, in hexadecimal digits, and in base64. */
function formsOf(secret: string): readonly (string | Buffer)[] {
  const text = secret.replace(/^ws[tk]_/, '')
  const bytes = Buffer.from(text, 'base64url')
  const hexadecimal = [bytes, Buffer.from(text), Buffer.from(secret)].map((form) => form.toString('hex'))
  return [
    text,
    bytes,
    bytes.toString('base64').slice(0, -1),
    ...hexadecimal,
    ...hexadecimal.map((form) => form.toUpperCase()),
  ]
}

function filesOf(folder: string): Buffer[] {
  const entries = readdirSync(folder, { recursive: true, withFileTypes: true })
  return entries.filter((entry) => entry.isFile()).map(({ parentPath, name }) => readFileSync(join(parentPath, name)))
}
