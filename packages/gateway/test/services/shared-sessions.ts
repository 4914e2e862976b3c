/**
 * What gateways hear of each other's sessions, on whichever engine they share.
 */
import { once } from 'node:events'
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest'
import { type DirectoryEntry, generateKey, lockOfKey, systemClock } from 'wsticket'
import { openSessionDirectory } from 'wsticket/open-store'
import { openWebSocket, sendHandshake } from '../clients.ts'
import { run } from './program.ts'
import { type Issuer, type Served, startIssuer, startServing } from './serving.ts'

/** An engine, by the URL of the store on it. */
export interface SharedEngine {
  readonly url: string
  dispose(): unknown
}

let issuer: Issuer

async function startGateways(store: string): Promise<readonly [Served, Served]> {
  issuer = await startIssuer()
  const environment = { WSTICKET_STORE: store }
  const flags = ['--session-directory=on', '--sessions-per-subject=2', '--session-overflow=end_oldest']
  const startNamed = (name: string) => startServing({ issuer, environment, flags: [...flags, `--node-name=${name}`] })
  return Promise.all([startNamed('first'), startNamed('second')])
}

/** What `sessions list` prints. */
async function listed(store: string): Promise<readonly DirectoryEntry[]> {
  const { code, stdout } = await run(['sessions', 'list'], { WSTICKET_STORE: store })
  expect(code).toBe(0)
  const lines = stdout.split('\n').filter((line) => line !== '')
  return lines.map((line) => JSON.parse(line) as DirectoryEntry)
}

/** By node and subject. */
function namesOf(entries: readonly DirectoryEntry[]): readonly string[] {
  return entries.map(({ node, subject }) => `${node.replace(/-[\w-]{12}$/, '')} ${subject.split('#')[1]}`).sort()
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

/** Has two gateways share an engine. */
export function describeSharedSessions(name: string, startEngine: () => Promise<SharedEngine>): void {
  describe(`two gateways on one ${name}`, () => {
    let engine: SharedEngine
    beforeAll(async () => {
      engine = await startEngine()
    })
    afterAll(() => engine.dispose())

    it('end, renew, explain, show and count what is at the other', async () => {
      const [first, second] = await startGateways(engine.url)
      const { id, ticket } = await issue(first)
      const socket = await openWebSocket(second, ticket)
      const closed = once(socket, 'close')
      expect(await ask(first, 'GET', `/tickets/${id}`)).toMatchObject({ body: { state: 'redeemed', reason: null } })
      // 404 where the other has not answered in time.
      const renew = () => ask(first, 'POST', `/sessions/${id}/renew`)
      await expect.poll(renew).toMatchObject({ status: 200 })
      expect(await ask(first, 'POST', `/sessions/${id}/renew`, 'bob')).toMatchObject({ status: 404 })
      expect(await ask(first, 'DELETE', `/tickets/${id}`, 'bob')).toMatchObject({ status: 204 })
      await expect.poll(renew).toMatchObject({ status: 200 })
      expect(await ask(first, 'DELETE', `/tickets/${id}`)).toMatchObject({ status: 204 })
      const [code, reason] = (await closed) as [number, Buffer]
      expect([code, String(reason)]).toEqual([4401, 'session_revoked'])

      const lock = lockOfKey(generateKey())
      const locked = await issue(second, { lock })
      expect(await sendHandshake(second, locked.ticket).head()).toMatch(/^HTTP\/1\.1 401 /)
      // The client need not wait for the note of it.
      await expect
        .poll(() => ask(first, 'GET', `/tickets/${locked.id}`))
        .toMatchObject({ body: { state: 'refused', reason: 'lock_mismatch' } })
      await showAndCount(engine.url, [first, second])
    })
  })
}

/** Who is on is shown, and counted over both; and the operator ends sessions, whichever gateway has them. */
async function showAndCount(store: string, [first, second]: readonly [Served, Served]): Promise<void> {
  const alice = `${issuer.issuer}#alice`
  const oldest = await openWebSocket(first, await second.ticket('alice'))
  const newer = await openWebSocket(second, await first.ticket('alice'))
  await openWebSocket(first, await first.ticket('bob'))
  const directory = await openSessionDirectory(store)
  onTestFinished(() => directory.close())
  const whoIsOn = async () => namesOf(await directory.list({ subject: null, after: null, most: 10 }, systemClock()))
  await expect.poll(whoIsOn).toEqual(['first alice', 'first bob', 'second alice'])
  expect(namesOf(await listed(store))).toEqual(await whoIsOn())

  const displaced = once(oldest, 'close')
  await openWebSocket(second, await second.ticket('alice'))
  expect((await displaced)[0]).toBe(4429)
  await expect.poll(whoIsOn).toEqual(['first bob', 'second alice', 'second alice'])

  const ended = once(newer, 'close')
  const { code } = await run(['sessions', 'end', '--subject', alice], { WSTICKET_STORE: store })
  expect(code).toBe(0)
  expect((await ended)[0]).toBe(4401)
  await expect.poll(whoIsOn).toEqual(['first bob'])
}
