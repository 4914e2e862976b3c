import { once } from 'node:events'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { generateKey, lockOfKey } from 'wsticket'
import { startNats } from 'wsticket-engines/nats'
import { startRedis } from 'wsticket-engines/redis'
import { openWebSocket, sendHandshake } from '../clients.ts'
import { type Issuer, type Served, startIssuer, startServing } from './serving.ts'

let issuer: Issuer

async function startGateways(store: string): Promise<readonly [Served, Served]> {
  issuer = await startIssuer()
  const settings = { issuer, environment: { WSTICKET_STORE: store } }
  return Promise.all([startServing(settings), startServing(settings)])
}

async function ask({ url }: Served, method: string, path: string, subject = 'alice', body: object | null = null) {
  const headers = { authorization: `Bearer ${await issuer.token(subject)}`, 'content-type': 'application/json' }
  const response = await fetch(`${url}${path}`, { method, headers, body: body === null ? null : JSON.stringify(body) })
  const text = await response.text()
  return {
    status: response.status,
    body: (text === '' ? null : JSON.parse(text)) as { readonly ticket: string; readonly id: string } | null,
  }
}

async function issue(gateway: Served, body: object | null = null) {
  const issued = (await ask(gateway, 'POST', '/tickets', 'alice', body)).body
  if (issued === null) throw new TypeError('there should be a ticket')
  return issued
}

describe.each([
  ['redis', startRedis],
  ['nats', startNats],
] as const)('two gateways on one %s', (_, startEngine) => {
  let engine: { readonly url: string; dispose(): Promise<void> }
  beforeAll(async () => {
    engine = await startEngine()
  })
  afterAll(() => engine.dispose())

  it('end, renew and explain what is at the other', async () => {
    const [first, second] = await startGateways(engine.url)
    const { id, ticket } = await issue(first)
    const socket = await openWebSocket(second, ticket)
    const closed = once(socket, 'close')
    expect(await ask(first, 'GET', `/tickets/${id}`)).toMatchObject({ body: { state: 'redeemed', reason: null } })
    expect(await ask(first, 'POST', `/sessions/${id}/renew`)).toMatchObject({ status: 200 })
    expect(await ask(first, 'POST', `/sessions/${id}/renew`, 'bob')).toMatchObject({ status: 404 })
    expect(await ask(first, 'DELETE', `/tickets/${id}`, 'bob')).toMatchObject({ status: 204 })
    expect(await ask(first, 'POST', `/sessions/${id}/renew`)).toMatchObject({ status: 200 })
    expect(await ask(first, 'DELETE', `/tickets/${id}`)).toMatchObject({ status: 204 })
    const [code, reason] = (await closed) as [number, Buffer]
    expect([code, String(reason)]).toEqual([4401, 'session_revoked'])

    const lock = lockOfKey(generateKey())
    const locked = await issue(second, { lock })
    expect(await sendHandshake(second, locked.ticket).head()).toMatch(/^HTTP\/1\.1 401 /)
    expect(await ask(first, 'GET', `/tickets/${locked.id}`)).toMatchObject({
      body: { state: 'refused', reason: 'lock_mismatch' },
    })
  })
})
