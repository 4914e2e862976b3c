/**
 * Redis as an engine, or as several: each primary of a cluster is an engine of its own, so that one that is silent takes none of
 * the others along.
 * @module
 */
import { createEngine, type Engine, type Question } from './engine.ts'
import type { PrimaryName, RedisDriver } from './redis-driver.ts'
import { inspectRedis } from './redis-inspection.ts'
import type { EpochFence } from './redis-scripts.ts'
import type { StoreInspection } from './ticket-store.ts'

/** Asks the primary that has a key. */
export interface RedisEngine {
  /** As `Engine` does. */
  ask<Answer>(key: string, question: Question<Answer>): Promise<Answer>
  /** Looks at every primary. */
  inspect(): Promise<StoreInspection>
  close(): void
}

/** Creates the asking side. Asks nothing yet. */
export function createRedisEngine(
  driver: RedisDriver,
  { fence, deadlineMs }: { readonly fence: EpochFence; readonly deadlineMs: number },
): RedisEngine {
  const engines = new Map<PrimaryName, Engine>()
  let closed = false

  function engineOf(primary: PrimaryName): Engine {
    const known = engines.get(primary)
    if (known !== undefined) return known
    const engine = createEngine({
      name: 'redis',
      deadlineMs,
      inspect: () => inspectRedis(driver, { fence, deadlineMs, primary }),
      reconnect: () => driver.reconnect(primary),
    })
    if (closed) engine.close()
    engines.set(primary, engine)
    return engine
  }

  return {
    ask: (key, question) => engineOf(driver.primaryOf(key)).ask(question),
    inspect: () => engineOf(null).inspect(),
    close() {
      closed = true
      for (const engine of engines.values()) engine.close()
    },
  }
}
