import { once } from 'node:events'
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest'
import { createTicketWebSocket } from 'wsticket/client'
import { startNats } from 'wsticket-engines/nats'
import { startPostgres } from 'wsticket-engines/postgres'
import { startRedis } from 'wsticket-engines/redis'
import { until } from 'wsticket-engines/until'
import { startIdentityProvider } from './identity-provider.ts'
import { greetingOf, PageWebSocket, type RunningExample, startExample } from './programs.ts'

type Provider = Awaited<ReturnType<typeof startIdentityProvider>>

const engines = { redis: startRedis, postgres: startPostgres, nats: startNats }

describe.each(Object.entries(engines))('an issuer and two WebSocket servers that share only %s', (_, startEngine) => {
  let engine: { readonly url: string; dispose(): Promise<void> }
  let provider: Provider

  beforeAll(async () => {
    engine = await startEngine()
    provider = await startIdentityProvider()
  })

  afterAll(async () => {
    await provider?.stop()
    await engine?.dispose()
  })

  function startIssuer(port = '0'): Promise<RunningExample> {
    const environment = { WSTICKET_STORE: engine.url, ISSUER: provider.issuer, PORT: port }
    return startExample('two-machines/issuer.mjs', environment)
  }

  function startSocketServer(): Promise<RunningExample> {
    return startExample('two-machines/socket-server.mjs', { WSTICKET_STORE: engine.url })
  }

  it('let a client in on either with a ticket of the issuer, and one of two who show the same on both at once', async () => {
    const [issuer, ...servers] = await Promise.all([startIssuer(), startSocketServer(), startSocketServer()])
    const connect = await signIn(provider, issuer)
    for (const server of servers) expect(await connect(server)).toBe(`hello ${provider.issuer}#alice`)
    const { access_token: accessToken } = await provider.signIn('alice')
    for (let round = 0; round < 20; round += 1) {
      const ticket = await ticketOf(issuer, accessToken)
      const outcomes = await Promise.all(servers.map((server) => present(server, ticket)))
      expect(outcomes.toSorted((one, other) => one - other)).toEqual([101, 401])
    }
  })

  it('keep letting clients in while the issuer is killed and started again', async () => {
    const [issuer, ...servers] = await Promise.all([startIssuer(), startSocketServer(), startSocketServer()])
    const connect = await signIn(provider, issuer)
    const { access_token: accessToken } = await provider.signIn('alice')
    const early = await ticketOf(issuer, accessToken)

    const clients = servers.map((server) => comeBack(() => connect(server)))
    await issuer.kill()
    expect(await present(servers[0] as RunningExample, early)).toBe(101)
    await until('every client has noticed', () => clients.every(({ seen }) => seen.failures > 0))
    await startIssuer(issuer.host.split(':')[1])
    const before = clients.map(({ seen }) => seen.admissions)
    const areBack = () => clients.every(({ seen }, at) => seen.admissions >= (before[at] as number) + 10)
    await until('every client is let in again, and again', areBack, 60_000)
    await Promise.all(clients.map((client) => client.stop()))
  })
})

/** Signs a user in, and returns how that user's page connects: with a fresh ticket each time. */
async function signIn(provider: Provider, issuer: RunningExample) {
  const { access_token: accessToken } = await provider.signIn('alice')
  const TicketWebSocket = createTicketWebSocket({
    ticketUrl: `http://${issuer.host}/tickets`,
    credential: () => accessToken,
    WebSocket: PageWebSocket,
  })
  return (server: RunningExample) => greetingOf(new TicketWebSocket(`ws://${server.host}/ws`))
}

/** Connects again and again, as an application that comes back does. */
function comeBack(connect: () => Promise<unknown>) {
  const seen = { admissions: 0, failures: 0 }
  let isOver = false
  async function goOn(): Promise<void> {
    while (!isOver) {
      await connect().then(
        () => (seen.admissions += 1),
        () => (seen.failures += 1),
      )
      await new Promise((resolve) => setTimeout(resolve, 25))
    }
  }
  const going = goOn()
  async function stop(): Promise<void> {
    isOver = true
    await going
  }
  onTestFinished(stop)
  return { seen, stop }
}

async function ticketOf(issuer: RunningExample, accessToken: string): Promise<string> {
  const headers = { Authorization: `Bearer ${accessToken}`, Origin: 'https://app.example' }
  const answer = await fetch(`http://${issuer.host}/tickets`, { method: 'POST', headers })
  return ((await answer.json()) as { ticket: string }).ticket
}

/** The status that a ticket gets at a server: 101, or that of a refusal. */
async function present(server: RunningExample, ticket: string): Promise<number> {
  const socket = new PageWebSocket(`ws://${server.host}/ws`, ['wsticket.v1', ticket])
  onTestFinished(() => socket.terminate())
  const refused = once(socket, 'unexpected-response').then(([, response]) => response.statusCode as number)
  return Promise.race([refused, once(socket, 'open').then(() => 101)])
}
