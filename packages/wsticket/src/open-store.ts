/**
 * A store by URL. What an engine takes is loaded only where a URL names that engine, and its client has to be installed then.
 *
 * ```ts
 * const store = await openStore(process.env.WSTICKET_STORE ?? 'memory:')
 * ```
 *
 * A URL with a password belongs in the environment: everybody on the machine can read the arguments of a process.
 * @module
 */
import { type Clock, systemClock } from './clock.ts'
import type { SessionDirectory } from './session-directory.ts'
import type { SessionLog } from './session-log.ts'
import { sourceOf } from './store-source.ts'
import type { TicketStore } from './ticket-store.ts'

/** What a URL does not say. */
export interface OpenStoreOptions {
  /** Default: the machine's clock. Taken by stores that look at one. */
  readonly clock?: Clock
}

/**
 * Opens the store that a URL names (docs/gateway.md lists the forms), with a client whose options are right for tickets. Closing
 * the store also closes the client. Resolves also while the engine is away: until it is back, every question answers
 * `unavailable`.
 * @throws ConfigurationError for a URL that cannot be, and where the client's package is not installed. Its message never shows
 * the user, the password or the host of the URL.
 */
export async function openStore(url: string, options: OpenStoreOptions = {}): Promise<TicketStore> {
  return sourceOf(url).open(options.clock ?? systemClock)
}

/**
 * Opens the session log that stands beside the store of a URL, with a client of its own. With `memory:` it is a log
 * of this process, and each call opens another.
 * @throws ConfigurationError as {@link openStore} does
 */
export async function openSessionLog(url: string): Promise<SessionLog> {
  return sourceOf(url).openLog()
}

/**
 * Opens the session directory that stands beside the store of a URL, with a client of its own. With `memory:` it is a directory of this
 * process, and each call opens another.
 * @throws ConfigurationError as {@link openStore} does
 */
export async function openSessionDirectory(url: string): Promise<SessionDirectory> {
  return sourceOf(url).openDirectory()
}

/**
 * Checks the URL of a store, and opens nothing.
 * @throws ConfigurationError as {@link openStore} does for a URL that cannot be.
 */
export function requireStoreUrl(url: string): string {
  sourceOf(url)
  return url
}
