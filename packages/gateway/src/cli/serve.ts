/**
 * `wsticket-gateway serve`: the gateway in front of a real service.
 * @module
 */
import { ConfigurationError, type SessionDirectory, type SessionLog, systemClock, type TicketStore } from 'wsticket'
import { discoverKeys } from 'wsticket/credentials/discovery'
import { createJwtAuthenticator } from 'wsticket/credentials/jwt'
import type { Configuration } from '../config/configuration.ts'
import type { Environment } from '../config/given.ts'
import { readConfiguration } from '../config/read-configuration.ts'
import { createGateway } from '../server/gateway.ts'
import { type RunningServer, startServer } from '../server/http-server.ts'
import { createPages } from '../server/pages.ts'
import { createReadiness } from '../server/readiness.ts'
import { auditToStdout } from './audit-to-stdout.ts'
import { help } from './help.ts'
import { openDirectoryBeside, openLogBeside, openTicketStore } from './open-ticket-store.ts'
import { untilToldToStop } from './until-told-to-stop.ts'
import { tell } from './verb.ts'

/** Runs the gateway until told to stop. */
export async function serve(args: readonly string[], environment: Environment): Promise<number> {
  if (args.includes('--help') || args.includes('-h')) return help(['serve'])
  const outcome = readConfiguration(
    args.filter((arg) => arg !== '--check'),
    environment,
  )
  if ('problems' in outcome) {
    for (const problem of outcome.problems) tell(problem)
    return 2
  }
  const { configuration } = outcome
  if (args.includes('--check')) {
    tell('The settings are good.')
    return 0
  }
  const keys = configuration.jwksUrl ?? (await findKeys(configuration))
  const store = keys === null ? null : await openTicketStore(configuration.store)
  if (keys === null || store === null) return 1
  const sessionLog = await openLogBeside(store, configuration.store)
  const sessionDirectory = await openDirectoryBeside(configuration)
  const code = await runUntilToldToStop({ configuration, keys, store, sessionLog, sessionDirectory })
  await sessionDirectory?.close()
  await sessionLog?.close()
  await store.close()
  return code
}

/** What a server is made of. */
interface Parts {
  readonly configuration: Configuration
  readonly keys: URL
  readonly store: TicketStore
  /** Null where this gateway hears of no other. */
  readonly sessionLog: SessionLog | null
  /** Null where nobody is shown who is on. */
  readonly sessionDirectory: SessionDirectory | null
}

async function runUntilToldToStop(parts: Parts): Promise<number> {
  const stopping = new AbortController()
  const server = await start(parts, stopping.signal)
  if (server === null) return 1
  const { path, upstream, drainDeadlineMs } = parts.configuration
  const stop = untilToldToStop()
  tell(`wsticket-gateway listens on ${server.url}; WebSockets at ${path} go to ${upstream.href}`)
  await stop
  stopping.abort()
  tell(`It stops: WebSockets are closed, within ${drainDeadlineMs} ms. Another signal ends it at once.`)
  await server.drain(drainDeadlineMs)
  await server.close()
  return 0
}

/** What a gateway cannot admit anybody without. */
function looksAt({ configuration, store, sessionLog, sessionDirectory }: Parts): readonly (() => Promise<unknown>)[] {
  const { sessionsPerSubject, sessionsInAll } = configuration
  const countsNobody = sessionsPerSubject === 'unlimited' && sessionsInAll === 'unlimited'
  return [
    () => store.inspect(),
    ...(sessionLog === null ? [] : [() => sessionLog.readAfter(null, 1)]),
    ...(sessionDirectory === null || countsNobody ? [] : [() => sessionDirectory.count(systemClock())]),
  ]
}

/** Where the issuer says that its keys are; null, and a word about it, where it does not say. */
async function findKeys({ issuer }: Configuration): Promise<URL | null> {
  try {
    return await discoverKeys(issuer)
  } catch (error) {
    const reason = error instanceof ConfigurationError ? error.message : nameOf(error)
    tell(`--issuer does not say where its keys are (${reason}). Where it has no discovery document, give --jwks-url.`)
    return null
  }
}

/** Starts to listen; null, and a word about it, where that is impossible. */
async function start(parts: Parts, stopping: AbortSignal): Promise<RunningServer | null> {
  const { configuration, keys, store, sessionLog, sessionDirectory } = parts
  const { issuer, tokenAudience: audience, algorithms, tokenType: type, listen } = configuration
  try {
    const authenticate = createJwtAuthenticator({ issuer, audience, keys, algorithms, type })
    return await startServer(listen, () =>
      createGateway({
        configuration,
        authenticate,
        store,
        sessionLog,
        sessionDirectory,
        pages: createPages(createReadiness(looksAt(parts), stopping)),
        onEvent: auditToStdout(),
      }),
    )
  } catch (error) {
    if (error instanceof ConfigurationError) {
      tell(`The settings and what the issuer says of itself do not fit: ${error.message}`)
      return null
    }
    if ((error as NodeJS.ErrnoException).syscall === undefined) throw error
    tell(`--listen ${listen.host}:${listen.port} is impossible here (${nameOf(error)})`)
    return null
  }
}

/** The most telling short name of an error: its code, or that of what caused it. */
function nameOf(error: unknown): string {
  const { code, cause, name } = error as { code?: string; cause?: { code?: string }; name: string }
  return code ?? cause?.code ?? name
}
