/**
 * Port: how a store is opened by a URL, its client included. Implementations stand in `openers/`, one for each engine.
 * @module
 */
import type { Clock } from './clock.ts'
import type { SessionDirectory } from './session-directory.ts'
import type { SessionLog } from './session-log.ts'
import type { StoreUrl } from './store-url.ts'
import type { TicketStore } from './ticket-store.ts'

/** One namespace of an engine, as a URL names it. */
export interface StoreSource {
  /**
   * Opens a handle over a connection of its own, which `close` of the handle MUST end too, in bounded time. MUST resolve also while
   * the engine is away: then questions answer `unavailable` until it is back.
   * @throws ConfigurationError where the client's package is not installed, or the options are none of the store.
   */
  open(clock: Clock): Promise<TicketStore>

  /**
   * Opens a handle on the session log of the same namespace, as `open` does.
   * @throws ConfigurationError as `open` does
   */
  openLog(): Promise<SessionLog>

  /**
   * Opens a handle on the session directory of the same namespace, as `open` does.
   * @throws ConfigurationError as `open` does
   */
  openDirectory(): Promise<SessionDirectory>

  /** Removes what the handles have left in the engine, over a connection of its own. For trials only. */
  erase(): Promise<void>
}

/** Knows the URLs of an engine. */
export interface Opener {
  /** Without their colon: `redis`, `rediss`. */
  readonly schemes: readonly string[]

  /**
   * Understands a URL, and opens nothing yet. `trial` names a namespace beside that of the URL, which nobody else uses; null: the
   * one of the URL.
   * @throws ConfigurationError for a URL that cannot be. No message has a text of the URL in it.
   */
  read(url: StoreUrl, trial: string | null): StoreSource
}
