import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest'
import { WebSocket, WebSocketServer } from 'ws'
import {
  createAdmission,
  createIssuer,
  createTicketEndpoint,
  type EpochMs,
  type IssueRefused,
  type Session,
  systemClock,
  type TicketStore,
} from 'wsticket'
import { createRequestListener } from 'wsticket/adapters/node'
import { createWebSocketUpgrade, sessionOf } from 'wsticket/adapters/ws'
import { discoverKeys } from 'wsticket/credentials/discovery'
import { createJwtAuthenticator, type JwtOptions } from 'wsticket/credentials/jwt'
import { createMemoryStore } from 'wsticket/stores/memory'
import { api, type IdentityProvider, otherApi, startIdentityProvider } from './identity-provider.ts'

const endings: (() => Promise<unknown>)[] = []
let provider: IdentityProvider

beforeAll(async () => {
  provider = await startIdentityProvider()
})

afterEach(async () => {
  for (const end of endings.splice(0)) await end()
})

afterAll(() => provider.stop())

interface Service {
  /** Asks for a ticket. */
  ask(token: string): Promise<{ readonly status: number; readonly body: { readonly [member: string]: unknown } }>
  /** Why the last request was refused. */
  refusal(): IssueRefused | undefined
  readonly store: TicketStore
  readonly url: string
  readonly sessions: readonly Session[]
}

/** A service that takes the provider's tokens, and lets users in by tickets. */
async function serve(options: Partial<JwtOptions> = {}, issuer = provider.issuer): Promise<Service> {
  const clock = options.clock ?? systemClock
  const store = createMemoryStore({ clock })
  const keys = options.keys ?? (await discoverKeys(issuer))
  const refusals: IssueRefused[] = []
  const endpoint = createTicketEndpoint({
    issuer: createIssuer({ store, audiences: ['chat'], clock }),
    authenticate: createJwtAuthenticator({ issuer, audience: api, algorithms: ['ES256'], keys, ...options }),
    origins: [],
    clock,
    onEvent: (event) => {
      if (event.type === 'issue_refused') refusals.push(event)
    },
  })
  const webSockets = new WebSocketServer({ noServer: true })
  const sessions: Session[] = []
  webSockets.on('connection', (_, request) => sessions.push(sessionOf(request)))
  const server = createServer(createRequestListener(endpoint))
  server.on(
    'upgrade',
    createWebSocketUpgrade(createAdmission({ store, audience: 'chat', origins: [], clock }), webSockets),
  )
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  endings.push(() => {
    for (const webSocket of webSockets.clients) webSocket.terminate()
    server.closeAllConnections()
    return new Promise((resolve) => server.close(resolve))
  })
  const url = `127.0.0.1:${(server.address() as AddressInfo).port}`
  return {
    url,
    store,
    sessions,
    refusal: () => refusals.at(-1),
    async ask(token) {
      const headers = { authorization: `Bearer ${token}` }
      const response = await fetch(`http://${url}/tickets`, { method: 'POST', headers })
      return { status: response.status, body: (await response.json()) as { [member: string]: unknown } }
    },
  }
}

/** A clock that is ahead. */
function ahead(seconds: number): () => EpochMs {
  return () => (systemClock() + seconds * 1000) as EpochMs
}

describe('an access token of a real OpenID provider', () => {
  it('of a user gets a ticket, which opens a WebSocket in the name of that user', async () => {
    const service = await serve()
    const { access_token: token } = await provider.signIn('alice')
    const { status, body } = await service.ask(token)
    expect(status).toBe(201)
    const webSocket = new WebSocket(`ws://${service.url}`, {
      headers: { authorization: `Ticket ${String(body.ticket)}` },
    })
    await new Promise((resolve, reject) => {
      webSocket.once('open', resolve)
      webSocket.once('error', () => reject(new Error('the WebSocket did not open')))
    })
    expect(service.sessions).toMatchObject([{ id: body.id, subject: `${provider.issuer}#alice`, audience: 'chat' }])
    expect(Number(body.session_expires_in)).toBeGreaterThan(290)
  })

  it('of a client gets a ticket', async () => {
    const service = await serve()
    expect((await service.ask(await provider.clientToken())).status).toBe(201)
  })

  it('leads to a ticket that does not outlive it', async () => {
    const service = await serve({ clock: ahead(295) })
    const { status, body } = await service.ask(await provider.clientToken())
    expect(status).toBe(201)
    expect(Number(body.expires_in)).toBeLessThanOrEqual(5)
    expect(body.session_expires_in).toBe(body.expires_in)
  })

  it('is refused when it has expired', async () => {
    const service = await serve({ clock: ahead(302) })
    const { status, body } = await service.ask(await provider.clientToken())
    expect([status, body.code]).toEqual([401, 'invalid_token'])
    expect(service.refusal()?.code).toBe('credential_expired')
  })

  it('is refused when it has expired in earnest', async () => {
    const brief = await startIdentityProvider({ lifetimeSeconds: 1 })
    endings.push(brief.stop)
    const service = await serve({ clockToleranceMs: 0 }, brief.issuer)
    const token = await brief.clientToken()
    await vi.waitFor(async () => expect((await service.ask(token)).status).toBe(401), { timeout: 5000, interval: 100 })
    expect(service.refusal()?.code).toBe('credential_expired')
  })

  it('is refused where it is meant for another API', async () => {
    const service = await serve()
    const { access_token: token } = await provider.signIn('alice', otherApi)
    expect((await service.ask(token)).status).toBe(401)
    expect(service.refusal()?.code).toBe('credential_invalid')
    expect((await (await serve({ audience: otherApi })).ask(token)).status).toBe(201)
  })

  it('is refused where another provider is trusted', async () => {
    const other = await startIdentityProvider()
    endings.push(other.stop)
    const service = await serve()
    expect((await service.ask(await other.clientToken())).status).toBe(401)
    expect(service.refusal()?.code).toBe('credential_invalid')
  })

  it('is not an ID token, and an ID token is no access token', async () => {
    const { id_token: idToken } = await provider.signIn('alice')
    const service = await serve()
    expect((await service.ask(idToken)).status).toBe(401)
    const forTheClient = await serve({ audience: 'app' })
    expect((await forTheClient.ask(idToken)).status).toBe(401)
    expect(forTheClient.refusal()?.code).toBe('credential_invalid')
  })
})

describe('a provider that', () => {
  it('has changed its key is followed, and its old tokens are not', async () => {
    const before = await startIdentityProvider()
    const service = await serve({ keysCooldownMs: 0 }, before.issuer)
    const old = await before.clientToken()
    expect((await service.ask(old)).status).toBe(201)
    await before.stop()
    const after = await startIdentityProvider({ port: before.port })
    endings.push(after.stop)
    expect((await service.ask(await after.clientToken())).status).toBe(201)
    expect((await service.ask(old)).status).toBe(401)
    expect(service.refusal()?.code).toBe('credential_invalid')
  })

  it('is away leads to 503 and no ticket, and to tickets again when it is back', async () => {
    const gone = await startIdentityProvider()
    const service = await serve({}, gone.issuer)
    const insert = vi.spyOn(service.store, 'insert')
    const token = await gone.clientToken()
    await gone.stop()
    const { status, body } = await service.ask(token)
    expect([status, body.code]).toEqual([503, 'try_later'])
    expect(service.refusal()?.code).toBe('issue_unavailable')
    expect(insert).not.toHaveBeenCalled()
    const back = await startIdentityProvider({ port: gone.port })
    endings.push(back.stop)
    expect((await service.ask(await back.clientToken())).status).toBe(201)
  })

  it('goes away is not needed as long as its keys are fresh', async () => {
    const leaving = await startIdentityProvider()
    const service = await serve({}, leaving.issuer)
    const [first, second] = [await leaving.clientToken(), await leaving.clientToken()]
    expect((await service.ask(first)).status).toBe(201)
    await leaving.stop()
    expect((await service.ask(second)).status).toBe(201)
  })

  it('is not there cannot be discovered', async () => {
    const gone = await startIdentityProvider()
    await gone.stop()
    await expect(discoverKeys(gone.issuer)).rejects.toThrow()
  })
})
