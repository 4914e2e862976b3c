/**
 * The development mode: the gateway as `serve` runs it, and around it everything that it needs to be tried out.
 * @module
 */
import { Hono, type MiddlewareHandler } from 'hono'
import { createJwtAuthenticator } from 'wsticket/credentials/jwt'
import { createMemoryStore } from 'wsticket/stores/memory'
import type { Configuration } from '../config/configuration.ts'
import { readConfiguration } from '../config/read-configuration.ts'
import type { GatewayEventSink } from '../events.ts'
import { createGateway } from '../server/gateway.ts'
import { type Listeners, type RunningServer, startServer } from '../server/http-server.ts'
import { createPages } from '../server/pages.ts'
import { createReadiness } from '../server/readiness.ts'
import { type AttemptTarget, answerAttempt, attemptRequest } from './attempt.ts'
import { createEventStream, type EventStream } from './event-stream.ts'
import { algorithm, createIdentityProvider, createSigningKey, type SigningKey, warning } from './identity-provider.ts'
import { readJsonBody } from './json-body.ts'
import { localOnly, ownHosts } from './local-only.ts'
import { createStaticFiles } from './static-files.ts'
import { createWitness } from './witness.ts'

/** What the development mode needs from outside. */
export interface DevelopmentOptions {
  /** The port on 127.0.0.1; 0 for any. */
  readonly port: number
  /** The WebSocket service behind the gateway. */
  readonly upstream: string
  readonly playground: URL
  readonly library: URL
  /** Hears every event, besides the page. */
  readonly onEvent: GatewayEventSink
}

const tokenAudience = 'wsticket-development'
const otherAudiences = ['billing']

/** Starts the development mode on loopback. */
export async function startDevelopmentServer(options: DevelopmentOptions): Promise<RunningServer> {
  const key = await createSigningKey()
  const stream = createEventStream()
  const server = await startServer({ host: '127.0.0.1', port: options.port }, (port) =>
    createListeners({ ...options, port }, key, stream),
  )
  return {
    ...server,
    close: () => {
      stream.close()
      return server.close()
    },
  }
}

function createListeners(options: DevelopmentOptions, key: SigningKey, stream: EventStream): Listeners {
  const { port, onEvent } = options
  const hosts = ownHosts(port)
  const witness = createWitness()
  const configuration = configurationFor(options, hosts)
  const { issuer, path } = configuration
  const store = createMemoryStore()
  const pages = createPages(createReadiness([() => store.inspect()]))
  pages.use(localOnly(hosts))
  pages.route('/', createStaticFiles({ ...options, hosts }))
  pages.use('/dev/*', developmentOnly)
  pages.route('/dev', createIdentityProvider(key, { issuer, tokenAudience }))
  pages.route('/dev', createObservation(stream, { origin: configuration.origins[0] as string, path, witness }))
  const gateway = createGateway({
    configuration,
    store,
    authenticate: createJwtAuthenticator({
      issuer,
      audience: tokenAudience,
      keys: configuration.jwksUrl as URL,
      algorithms: configuration.algorithms,
    }),
    otherAudiences,
    pages,
    onEvent(event) {
      witness.onEvent(event)
      stream.publish(event)
      onEvent(event)
    },
  })
  return { ...gateway, upgrade: witness.watch(gateway.upgrade) }
}

const developmentOnly: MiddlewareHandler = async (context, next) => {
  await next()
  context.header('X-Development-Only', warning)
  context.header('Cache-Control', 'no-store')
}

/** The configuration as somebody would write it for `serve`: the development mode has no settings of its own. */
function configurationFor({ port, upstream }: DevelopmentOptions, hosts: readonly string[]): Configuration {
  const issuer = `http://127.0.0.1:${port}/dev`
  const outcome = readConfiguration(
    [
      `--listen=127.0.0.1:${port}`,
      `--upstream=${upstream}`,
      `--issuer=${issuer}`,
      `--jwks-url=${issuer}/jwks.json`,
      `--algorithm=${algorithm}`,
      `--token-audience=${tokenAudience}`,
      '--audience=chat',
      ...hosts.map((host) => `--origin=http://${host}`),
    ],
    {},
  )
  if ('problems' in outcome) throw new Error(outcome.problems.join('; '))
  return outcome.configuration
}

/** What lets a person see what happens: `/events` and `/attempt`. */
function createObservation(stream: EventStream, target: AttemptTarget): Hono {
  const routes = new Hono()
  // HEAD is served as GET without its body: it would leave a listener that nobody reads.
  routes.get('/events', ({ req }) => (req.method === 'HEAD' ? new Response(null) : stream.answer()))
  routes.post('/attempt', async (context) => {
    const read = await readJsonBody(context.req, attemptRequest)
    return read instanceof Response ? read : answerAttempt(read.body, target)
  })
  return routes
}
