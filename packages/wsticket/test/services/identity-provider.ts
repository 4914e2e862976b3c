/**
 * A real OpenID provider on loopback: `oidc-provider`, whose users sign in by asking.
 * @module
 */
import { createHash, generateKeyPairSync, randomBytes } from 'node:crypto'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { vi } from 'vitest'

/** The APIs that tokens are issued for. */
export const api = 'https://api.example'
export const otherApi = 'https://other.example'

const scope = 'tickets'
const client = { id: 'app', secret: 'secret-of-app', redirectUri: 'https://app.example/signed-in' }

/** How a provider differs from the last. */
export interface ProviderOptions {
  /** Default: any free one. */
  readonly port?: number
  /** How long access tokens last, in seconds. Default 300. */
  readonly lifetimeSeconds?: number
}

/** The tokens that a user gets. */
export interface Tokens {
  readonly access_token: string
  readonly id_token: string
  readonly refresh_token?: string
}

/** A provider that runs. */
export interface IdentityProvider {
  readonly issuer: string
  readonly port: number
  /** The access token of the client itself (RFC 6749 section 4.4). */
  clientToken(resource?: string): Promise<string>
  /** Signs a user in with a code and PKCE (RFC 6749 section 4.1, RFC 7636). */
  signIn(user: string, resource?: string): Promise<Tokens>
  stop(): Promise<void>
}

/** Starts a provider with a new key. */
export async function startIdentityProvider(options: ProviderOptions = {}): Promise<IdentityProvider> {
  const Provider = await importQuietly()
  let handle: (request: IncomingMessage, response: ServerResponse) => void = () => {}
  const server = createServer((request, response) => {
    // Nobody finds a connection of the last provider in a pool when the next one has its port.
    response.setHeader('Connection', 'close')
    handle(request, response)
  })
  await new Promise<void>((resolve) => server.listen(options.port ?? 0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  const issuer = `http://127.0.0.1:${port}`
  const provider = new Provider(issuer, configurationOf(options.lifetimeSeconds ?? 300))
  const answer = provider.callback()
  handle = (request, response) => {
    const user = /^\/sign-in\/[^?]*\?as=(\w+)/.exec(request.url ?? '')?.[1]
    if (user === undefined) return answer(request, response)
    const result = { login: { accountId: user } }
    void provider.interactionFinished(request, response, result, { mergeWithLastSubmission: false })
  }
  return {
    issuer,
    port,
    clientToken: async (resource = api) =>
      (await post(`${issuer}/token`, { grant_type: 'client_credentials', resource, scope })).access_token,
    signIn: (user, resource = api) => signIn(issuer, user, resource),
    async stop() {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}

/** It warns of Node versions as it is imported. That is said once, in the list of what the tests need. */
async function importQuietly() {
  const warn = vi.spyOn(console, 'warn').mockImplementation(() => {})
  const { Provider } = await import('oidc-provider')
  warn.mockRestore()
  return Provider
}

function configurationOf(lifetimeSeconds: number): object {
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const kid = randomBytes(8).toString('hex')
  return {
    adapter: createAdapter(),
    jwks: { keys: [{ ...privateKey.export({ format: 'jwk' }), alg: 'ES256', use: 'sig', kid }] },
    clients: [
      {
        client_id: client.id,
        client_secret: client.secret,
        redirect_uris: [client.redirectUri],
        grant_types: ['client_credentials', 'authorization_code'],
        id_token_signed_response_alg: 'ES256',
      },
    ],
    cookies: { keys: [randomBytes(16).toString('hex')] },
    scopes: ['openid'],
    ttl: { AccessToken: lifetimeSeconds, ClientCredentials: lifetimeSeconds, ...longLived },
    findAccount: (_: unknown, accountId: string) => ({ accountId, claims: () => ({ sub: accountId }) }),
    interactions: { url: (_: unknown, { uid }: { uid: string }) => `/sign-in/${uid}` },
    loadExistingGrant: grantEverything,
    renderError: (context: { body: unknown }, { error }: { error: string }) => {
      context.body = { error }
    },
    features: {
      devInteractions: { enabled: false },
      clientCredentials: { enabled: true },
      resourceIndicators: {
        enabled: true,
        getResourceServerInfo: (_: unknown, audience: string) => ({
          audience,
          scope,
          accessTokenFormat: 'jwt',
          accessTokenTTL: lifetimeSeconds,
          jwt: { sign: { alg: 'ES256' } },
        }),
      },
    },
  }
}

const longLived = { IdToken: 300, Session: 300, Interaction: 300, Grant: 300 }

interface GrantContext {
  readonly oidc: {
    readonly client: { readonly clientId: string }
    readonly session: { readonly accountId?: string }
    readonly params: { readonly resource?: string }
    readonly provider: InstanceType<Awaited<ReturnType<typeof importQuietly>>>
  }
}

async function grantEverything({
  oidc: { client, session, params, provider },
}: GrantContext): Promise<object | undefined> {
  if (session.accountId === undefined) return undefined
  const grant = new provider.Grant({ clientId: client.clientId, accountId: session.accountId })
  grant.addOIDCScope('openid')
  if (params.resource !== undefined) grant.addResourceScope(params.resource, scope)
  await grant.save()
  return grant
}

/** What the provider stores, in memory, for as long as it runs. */
function createAdapter(): (model: string) => object {
  const records = new Map<string, { uid?: string; consumed?: number }>()
  return (model) => ({
    upsert: async (id: string, payload: object) => void records.set(`${model}:${id}`, payload),
    find: async (id: string) => records.get(`${model}:${id}`),
    findByUid: async (uid: string) => [...records.values()].find((record) => record.uid === uid),
    destroy: async (id: string) => void records.delete(`${model}:${id}`),
    revokeByGrantId: async () => {},
    consume: async (id: string) => {
      const record = records.get(`${model}:${id}`)
      if (record) record.consumed = 1
    },
  })
}

async function post(url: string, parameters: { readonly [name: string]: string }): Promise<Tokens> {
  const authorization = `Basic ${Buffer.from(`${client.id}:${client.secret}`).toString('base64')}`
  const response = await fetch(url, {
    method: 'POST',
    headers: { authorization },
    body: new URLSearchParams(parameters),
  })
  if (!response.ok) throw new Error(`the provider answered ${response.status}`)
  return (await response.json()) as Tokens
}

async function signIn(issuer: string, user: string, resource: string): Promise<Tokens> {
  const verifier = randomBytes(32).toString('base64url')
  const start = new URL(`${issuer}/auth`)
  start.search = new URLSearchParams({
    client_id: client.id,
    redirect_uri: client.redirectUri,
    response_type: 'code',
    scope: `openid ${scope}`,
    resource,
    code_challenge: createHash('sha256').update(verifier).digest('base64url'),
    code_challenge_method: 'S256',
  }).toString()
  const end = await followAs(user, start)
  const code = end.searchParams.get('code')
  if (code === null) throw new Error(`the provider signs nobody in: ${end.searchParams.get('error')}`)
  const parameters = { grant_type: 'authorization_code', redirect_uri: client.redirectUri, resource }
  return post(`${issuer}/token`, { ...parameters, code, code_verifier: verifier })
}

/** Follows redirects as a browser with cookies would, until one leads back to the application. */
async function followAs(user: string, start: URL): Promise<URL> {
  const cookies = new Map<string, string>()
  let url = start
  for (let hops = 0; !url.href.startsWith(client.redirectUri); hops++) {
    if (hops === 10) throw new Error('the provider redirects in circles')
    if (url.pathname.startsWith('/sign-in/')) url.searchParams.set('as', user)
    const cookie = [...cookies].map(([name, value]) => `${name}=${value}`).join('; ')
    const response = await fetch(url, { redirect: 'manual', headers: { cookie } })
    for (const line of response.headers.getSetCookie()) {
      const [, name = '', value = ''] = /^([^=]+)=([^;]*)/.exec(line) ?? []
      cookies.set(name, value)
    }
    const location = response.headers.get('location')
    if (location === null) throw new Error(`the provider answered ${response.status} where it should redirect`)
    url = new URL(location, url)
  }
  return url
}
