/**
 * What every case of the adapter suite plays on: a server with the adapter under test, an application that remembers what
 * it sees, a store that can be held up, a clock that can be moved, and clients that are cleared away in the end.
 * @module
 */
import { type AdmissionOptions, createAdmission } from '../admission.ts'
import type { Clock } from '../clock.ts'
import type { Authenticate, Identity } from '../credential.ts'
import { createIssuer, type IssuedTicket, type Issuer } from '../issuer.ts'
import type { Lock } from '../lock.ts'
import { createSessions, type Sessions } from '../sessions.ts'
import { createMemoryStore } from '../stores/memory.ts'
import { type CookiePolicy, createTicketEndpoint } from '../ticket-endpoint.ts'
import type { AdapterHarness, ConformanceApplication, ConnectionView, ServerUnderTest } from './adapter-harness.ts'
import { expectThat, within } from './conformance-case.ts'
import { createHeldStore, type HeldStore } from './held-store.ts'
import { createMovableClock } from './movable-clock.ts'
import { connectRaw, type RawClient, type RawClientOptions } from './raw-client.ts'

/** The audience of the server under test. */
export const audience = 'conformance'

/** The origin that it lists. */
export const origin = 'https://app.example'

/** Who asks for tickets. */
export const identity: Identity = {
  issuer: 'https://issuer.example',
  subject: 'alice',
  expiresAt: null,
  claims: {},
}

/** The credential that proves it to the stage's ticket endpoint. */
export const credential = 'credential-of-alice'

/** What a case may set up otherwise. */
export interface StageOptions
  extends Partial<
    Pick<
      AdmissionOptions,
      'audience' | 'carriers' | 'permit' | 'trustedProxies' | 'addressPolicy' | 'lockPolicy' | 'messageDeadlineMs'
    >
  > {
  /** The subprotocols that the application supports; it takes the first that was offered. Default none. */
  readonly protocols?: readonly string[]
  /** Whether the ticket endpoint hands tickets out in cookies. Default `off`. */
  readonly cookiePolicy?: CookiePolicy
  /** The store of another stage. Default: one of its own. */
  readonly store?: HeldStore
}

/** How a ticket differs from one that would be admitted. */
export interface TicketWish {
  readonly audience?: string
  readonly clientAddress?: string
  readonly lock?: Lock
}

/** A server, and what surrounds it. */
export interface Stage {
  readonly server: ServerUnderTest
  readonly store: HeldStore
  /** The sessions that the server has open: each lasts an hour. */
  readonly sessions: Sessions
  /** What the application got, in order. */
  readonly connections: readonly ConnectionView[]
  readonly messages: readonly string[]
  issue(wish?: TicketWish): Promise<IssuedTicket>
  /** What has become of a ticket. */
  stateOf(issued: IssuedTicket): Promise<string>
  connect(options?: Partial<RawClientOptions>): Promise<RawClient>
  /** Lets time pass for tickets and sessions. */
  advance(durationMs: number): void
  /** Waits for the server to stop while the clients are as they are. */
  stop(): Promise<void>
}

const authenticate: Authenticate = async ({ headers }) =>
  headers.get('authorization') === `Bearer ${credential}` ? identity : 'credential_invalid'

const grant = () => ({ audience, claims: { plan: 'pro' } })

/** The longest that anything may take, in milliseconds: some products wait three seconds themselves, and machines stand still now and then. */
export function deadlineOf({ deadlineMs = 8000 }: AdapterHarness): number {
  return deadlineMs
}

/** Sets the stage, plays, and clears it: nothing may be left of any connection once its client is gone. */
export async function onStage(
  harness: AdapterHarness,
  options: StageOptions,
  play: (stage: Stage) => Promise<void>,
): Promise<void> {
  const deadlineMs = deadlineOf(harness)
  const clients: RawClient[] = []
  const stage = await setStage(harness, options, clients)
  try {
    await play(stage)
  } finally {
    stage.store.release()
    for (const client of clients) client.reset()
    await Promise.all(clients.map((client) => client.closed))
    await within(deadlineMs, 'Letting go of every connection whose client is gone', stage.stop())
  }
}

const issuing = {
  audiences: [audience, 'elsewhere'],
  ticketsPerSubject: 'unlimited',
  sessionLifetimeMs: 3_600_000,
} as const

async function setStage(harness: AdapterHarness, options: StageOptions, clients: RawClient[]): Promise<Stage> {
  const { protocols = [], ...others } = options
  const { store = createHeldStore(createMemoryStore()) } = others
  const time = createMovableClock()
  const clock = time.now
  const sessions = createSessions({ clock, sessionsPerSubject: 'unlimited' })
  const issuer = createIssuer({ ...issuing, store, clock })
  const application = createApplication(protocols)
  const server = await harness.start({ ...createSides(others, { store, issuer, sessions, clock }), application })
  const deadlineMs = deadlineOf(harness)
  let stopped: Promise<void> | undefined
  return {
    server,
    store,
    sessions,
    connections: application.connections,
    messages: application.messages,
    issue: (wish) => issueTo(issuer, wish),
    stateOf: async ({ id }) => (await store.read(id, clock())).kind,
    async connect(clientOptions = {}) {
      const client = await connectRaw(server.httpUrl, { deadlineMs, ...clientOptions })
      clients.push(client)
      return client
    },
    advance: time.advance,
    stop: () => {
      stopped ??= server.stop()
      return within(deadlineMs, 'Stopping', stopped)
    },
  }
}

/** What both sides work with. */
interface Means {
  readonly store: HeldStore
  readonly issuer: Issuer
  readonly sessions: Sessions
  readonly clock: Clock
}

/** The two sides of the server: where tickets are asked for, and where they are presented. */
function createSides({ cookiePolicy = 'off', ...options }: StageOptions, { issuer, ...means }: Means) {
  const origins = [origin]
  const { clock } = means
  return {
    endpoint: createTicketEndpoint({ issuer, authenticate, origins, clock, cookiePolicy, grant }),
    admission: createAdmission({ audience, origins, addressPolicy: 'report', ...options, ...means }),
  }
}

async function issueTo(issuer: ReturnType<typeof createIssuer>, wish: TicketWish = {}): Promise<IssuedTicket> {
  const grant = { audience: wish.audience ?? audience, claims: { plan: 'pro' } }
  const { clientAddress = '127.0.0.1', lock = null } = wish
  const issued = await issuer.issue(identity, grant, { clientAddress, origin, lock })
  expectThat(typeof issued === 'object' && 'ticket' in issued, 'the stage should have its ticket')
  return issued
}

function createApplication(protocols: readonly string[]) {
  const connections: ConnectionView[] = []
  const messages: string[] = []
  const application: ConformanceApplication = {
    selectProtocol: (offered) => offered.find((protocol) => protocols.includes(protocol)) ?? null,
    connected: (connection) => void connections.push(connection),
    received: (text) => {
      messages.push(text)
      return `echo ${text}`
    },
  }
  return { ...application, connections, messages }
}
