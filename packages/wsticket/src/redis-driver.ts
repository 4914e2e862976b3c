/**
 * Port: what the Redis store asks of a Redis client. Implementations stand in `drivers/`: a few lines for each client, which
 * also see to it that the client neither sends a command twice nor waits for ever.
 * @module
 */

/** A command as it goes over the wire, its name first. */
export type RedisCommand = readonly [name: string, ...parts: string[]]

/** One node, as a client reaches it. */
export type SendToNode = (command: RedisCommand) => Promise<unknown>

/** Names a primary of a cluster, as the client does. Null: the one that there is, or none that is known yet. */
export type PrimaryName = string | null

/** A primary. */
export interface RedisPrimary {
  readonly name: PrimaryName
  readonly send: SendToNode
}

/** A Redis client. The store never closes it: who opened it does. */
export interface RedisDriver {
  /**
   * Resolves when commands can be sent, and MUST NOT send any. May wait for ever: the store has a deadline, and waits once at a
   * time. MUST throw a ConfigurationError, or reject with one, for a client that will not connect until somebody tells it to.
   */
  ready(): Promise<void>

  /**
   * Runs a command on the primary that has the key, and resolves with the reply: texts as strings, integers as numbers.
   * MUST reject with the error of the server as it is (`NOSCRIPT ...`). MUST NOT send the command again once it may have been
   * executed; where a server says that it did not execute it (`MOVED`, `ASK`, `TRYAGAIN`) it may.
   */
  send(key: string, command: RedisCommand): Promise<unknown>

  /** The primary that has a key, as far as the client knows now. */
  primaryOf(key: string): PrimaryName

  /** Every primary that may have keys of ours: one, or those of a cluster. */
  primaries(): Promise<readonly RedisPrimary[]>

  /** Drops the connections to a primary, to all for null, with what waits on them, and opens new ones. MUST NOT throw. */
  reconnect(primary: PrimaryName): void
}
