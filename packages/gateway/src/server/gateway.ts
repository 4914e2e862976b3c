/**
 * The gateway: tickets over HTTP, admission at the WebSocket path, and the reverse proxy behind it.
 * @module
 */
import type { IncomingMessage } from 'node:http'
import { hostname } from 'node:os'
import type { Hono } from 'hono'
import { NodeRequest, sendNodeResponse } from 'srvx/node'
import {
  type Admission,
  type Authenticate,
  createAdmission,
  createClientAddressResolver,
  createIssuer,
  createMemoryLimiter,
  createSessions,
  createTicketEndpoint,
  isOriginForm,
  type Limiter,
  type SessionDirectory,
  type SessionLog,
  type Sessions,
  type TicketEndpoint,
  type TicketStore,
} from 'wsticket'
import {
  boundRequests,
  createRequestListener,
  createUpgradeListener,
  decideEventStream,
  type RequestListener,
  refuseUpgrade,
} from 'wsticket/adapters/node'
import type { Configuration, LimitedRate } from '../config/configuration.ts'
import type { GatewayEventSink } from '../events.ts'
import { notFound } from '../problems.ts'
import { createEventStreamProxy } from '../upstream/event-stream-proxy.ts'
import { createWebSocketProxy, type WebSocketProxyOptions } from '../upstream/websocket-proxy.ts'
import type { Listeners } from './http-server.ts'

/** What the gateway is made of. */
export interface GatewayOptions {
  readonly configuration: Configuration
  readonly authenticate: Authenticate
  /** Whoever opened it closes it. */
  readonly store: TicketStore
  /**
   * Tells the gateways that share the store of what is revoked and renewed at one of them. Whoever opened it closes it. Default null:
   * this one hears of what it is asked itself.
   */
  readonly sessionLog?: SessionLog | null
  /** Shows those gateways who is on, and counts over all of them. Needs a `sessionLog`. Whoever opened it closes it. Default null: none. */
  readonly sessionDirectory?: SessionDirectory | null
  /** Audiences that tickets are issued for besides the configured one, which alone opens the WebSocket. Default none. */
  readonly otherAudiences?: readonly string[]
  /** Answers every request but those for tickets. */
  readonly pages: Hono
  readonly onEvent: GatewayEventSink
  /** How long the upstream may take to answer a handshake, in milliseconds. Default 10,000. */
  readonly upstreamTimeoutMs?: number
}

const ticketsPath = '/tickets'
const sessionsPath = '/sessions'
const maxRequestBodySize = 4096
const longestNodeName = 48

/**
 * Creates the gateway's listeners.
 * @throws ConfigurationError for an option that cannot be.
 */
export function createGateway(options: GatewayOptions): Listeners {
  const sessions = createRegistry(options)
  try {
    return createListeners(options, sessions)
  } catch (error) {
    // It follows the log from its creation on.
    sessions.close()
    throw error
  }
}

function createListeners(options: GatewayOptions, sessions: Sessions): Listeners {
  const { configuration, pages } = options
  const answerTicketRequest = createRequestListener(createEndpoint(options, sessions))
  const answerOther = createPagesListener(pages)
  const admission = admissionOf(options, sessions)
  const admit = createUpgradeListener(admission, createWebSocketProxy(proxyOptionsOf(options)))
  const answerStream = configuration.eventStreams === 'on' ? createStreamListener(admission, sessions, options) : null
  const isForStream = ({ url }: IncomingMessage) => answerStream !== null && pathOf(url) === configuration.path
  return {
    drain: () => sessions.drain({ windowMs: configuration.drainWindowMs, deadlineMs: configuration.drainDeadlineMs }),
    close: () => sessions.close(),
    isForStream,
    request(request, response) {
      if (isOfEndpoint(pathOf(request.url))) answerTicketRequest(request, response)
      else if (answerStream !== null && isForStream(request)) answerStream(request, response)
      else answerOther(request, response)
    },
    upgrade(request, socket, head) {
      // What is no path of anybody is left to admission to refuse: every adapter answers it alike, and the audit hears of it.
      const { url = '' } = request
      if (pathOf(url) === configuration.path || !isOriginForm(url)) return admit(request, socket, head)
      socket.on('error', () => socket.destroy())
      refuseUpgrade(socket, notFound)
    },
  }
}

function createRegistry(options: GatewayOptions): Sessions {
  const { configuration, sessionLog = null, sessionDirectory = null, onEvent } = options
  const { maximumSessionAgeMs, sessionGraceMs, sessionsPerSubject, sessionsInAll, sessionOverflow } = configuration
  return createSessions({
    ...(sessionLog === null ? {} : { log: sessionLog }),
    ...(sessionDirectory === null ? {} : { directory: sessionDirectory }),
    nodeName: configuration.nodeName ?? nameOfMachine(),
    ...(maximumSessionAgeMs === null ? {} : { maximumAgeMs: maximumSessionAgeMs }),
    graceMs: sessionGraceMs,
    sessionsPerSubject,
    sessionsInAll,
    overflow: sessionOverflow,
    onEvent,
  })
}

function nameOfMachine(): string {
  return (
    hostname()
      .replaceAll(/[^\w-]/g, '-')
      .slice(0, longestNodeName) || 'node'
  )
}

function createPagesListener(pages: Hono): RequestListener {
  const answer: (...listened: Parameters<RequestListener>) => Promise<void> = async (request, response) => {
    const page = await pages.fetch(new NodeRequest({ req: request, res: response, maxRequestBodySize }))
    await sendNodeResponse(response, page)
  }
  return boundRequests((request, response) => {
    answer(request, response).catch(() => response.destroy())
  })
}

function createEndpoint(options: GatewayOptions, sessions: Sessions): TicketEndpoint {
  const { configuration, authenticate, store, otherAudiences = [], onEvent } = options
  const { audience, origins, trustedProxies, ticketLifetimeMs, maximumTicketLifetimeMs, sessionLifetimeMs } =
    configuration
  const issuer = createIssuer({
    store,
    audiences: [audience, ...otherAudiences],
    lifetimeMs: ticketLifetimeMs,
    maximumLifetimeMs: maximumTicketLifetimeMs,
    lockPolicy: configuration.lockPolicy,
    ticketsPerSubject: configuration.ticketsPerSubject,
    ...(sessionLifetimeMs === null ? {} : { sessionLifetimeMs }),
    onEvent,
  })
  return createTicketEndpoint({
    issuer,
    authenticate,
    origins,
    trustedProxies,
    limits: {
      everybody: limiterOf(configuration.ticketRate),
      perAddress: limiterOf(configuration.ticketRatePerAddress),
      perSubject: limiterOf(configuration.ticketRatePerSubject),
      changesPerSubject: limiterOf(configuration.changeRatePerSubject),
    },
    sessions,
    path: ticketsPath,
    sessionsPath,
    // No cookie is a credential here: pages of another origin get one, and have none to send.
    ...(configuration.carriers.includes('cookie') ? { cookiePolicy: 'on_request', corsCredentials: 'include' } : {}),
    onEvent,
  })
}

function admissionOf({ configuration, store, onEvent }: GatewayOptions, sessions: Sessions): Admission {
  const { audience, origins, carriers, nonBrowserClients, trustedProxies, addressPolicy, lockPolicy } = configuration
  const addressPrefixes = { ipv4: configuration.addressPrefixIpv4, ipv6: configuration.addressPrefixIpv6 }
  return createAdmission({
    store,
    audience,
    origins,
    carriers,
    nonBrowserClients,
    trustedProxies,
    addressPolicy,
    addressPrefixes,
    lockPolicy,
    sessions,
    reuse: configuration.reusePolicy,
    pending: { inAll: configuration.pendingHandshakes, perAddress: configuration.pendingHandshakesPerAddress },
    limits: {
      everybody: limiterOf(configuration.handshakeRate),
      perAddress: limiterOf(configuration.handshakeRatePerAddress),
    },
    onEvent,
  })
}

function limiterOf(rate: LimitedRate): Limiter | 'unlimited' {
  return rate === 'unlimited' ? rate : createMemoryLimiter(rate)
}

function createStreamListener(admission: Admission, sessions: Sessions, options: GatewayOptions): RequestListener {
  const stream = createEventStreamProxy({ ...proxyOptionsOf(options), sessions })
  return boundRequests((request, response) => {
    const exchange = { request, response }
    decideEventStream(admission, exchange)
      .then((decided) => decided && stream(exchange, decided))
      .catch(() => response.destroy())
  })
}

function proxyOptionsOf(options: GatewayOptions): WebSocketProxyOptions {
  const { configuration, onEvent, upstreamTimeoutMs = 10_000 } = options
  const { upstream, trustedProxies, silenceMs } = configuration
  const resolveClientAddress = createClientAddressResolver(trustedProxies)
  // Behind a trusted proxy, and only there, the peer alone does not tell who the client is.
  const isTrustedProxy = (peerAddress: string | null) => resolveClientAddress(peerAddress, null) === null
  return { upstream, isTrustedProxy, onEvent, answerTimeoutMs: upstreamTimeoutMs, silenceMs }
}

function isOfEndpoint(path: string): boolean {
  return path === ticketsPath || path.startsWith(`${ticketsPath}/`) || path.startsWith(`${sessionsPath}/`)
}

function pathOf(target: string | undefined): string {
  return (target ?? '').split('?', 1)[0] as string
}
