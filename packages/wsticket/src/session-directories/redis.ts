/**
 * Session directory in Redis or Valkey: four keys on the primary that has their slot. What a restart or a failover takes along each node
 * tells again.
 * @module
 */
import type { EpochMs } from '../clock.ts'
import { requireDeadline } from '../deadline.ts'
import { sha256 } from '../digest.ts'
import { readDirectoryEntry, writeDirectoryEntry } from '../directory-text.ts'
import { defaultEngineDeadlineMs } from '../engine.ts'
import { countScript, listScript, tellScript } from '../redis-directory-scripts.ts'
import type { RedisDriver } from '../redis-driver.ts'
import { createRedisEngine } from '../redis-engine.ts'
import { createRun, requirePrefix, strangeReply } from '../redis-run.ts'
import type { RedisScript } from '../redis-scripts.ts'
import type { NodeNews, SessionDirectory } from '../session-directory.ts'

/** Options of the Redis directory. */
export interface RedisSessionDirectoryOptions {
  /** What the keys of tickets begin with; those of the directory have `{directory}` behind it. Default `wsticket:`. */
  readonly prefix?: string
  /** How long Redis may take to answer, in milliseconds. Default 2,000. */
  readonly deadlineMs?: number
}

/**
 * Creates a directory. Sends nothing before the first question, and never closes the driver's client.
 * @throws ConfigurationError for an option that cannot be.
 */
export function createRedisSessionDirectory(
  driver: RedisDriver,
  options: RedisSessionDirectoryOptions = {},
): SessionDirectory {
  const { prefix = 'wsticket:', deadlineMs = defaultEngineDeadlineMs } = options
  requirePrefix(prefix)
  const [key, ...others] = keysOf(prefix)
  // A reign fences tickets. Here nothing is redeemed.
  const engine = createRedisEngine(driver, { fence: 'none_may_admit_twice', deadlineMs: requireDeadline(deadlineMs) })
  const run = createRun(driver)

  function ask<Answer>(script: RedisScript, parts: readonly unknown[], read: (reply: unknown) => Answer) {
    return engine.ask(key, async (asker) => read(await run(script, { key, others, asker }, parts.map(String))))
  }

  return {
    name: 'redis',
    tell: (news, now) =>
      ask(tellScript, partsOf(news, now), (reply) => {
        if (reply !== 'in_step' && reply !== 'out_of_step') throw strangeReply()
        return reply
      }),
    list({ subject, after, most }, now) {
      const prefixOfMembers = subject === null ? 'i:' : `s:${sha256(subject)}:`
      return ask(listScript, [now, prefixOfMembers, after ?? '', most], (reply) => {
        if (!Array.isArray(reply)) throw strangeReply()
        return reply.map(readDirectoryEntry)
      })
    },
    count: (now) =>
      ask(countScript, [now], (reply) => {
        if (typeof reply !== 'number') throw strangeReply()
        return reply
      }),
    async close() {
      engine.close()
    },
  }
}

function partsOf({ node, before, aliveUntil, count, present, gone }: NodeNews, now: EpochMs): readonly unknown[] {
  const entries = present.flatMap((entry) => [entry.id, sha256(entry.subject), writeDirectoryEntry(entry)])
  return [
    node,
    before ?? '',
    aliveUntil,
    now,
    count,
    present.length,
    ...entries,
    ...gone.flatMap(({ id, subject }) => [id, sha256(subject)]),
  ]
}

/** All in one slot: that of the prefix, where it names one in braces. */
function keysOf(prefix: string): [string, ...string[]] {
  const base = `${prefix}{directory}`
  return [`${base}:entries`, `${base}:nodes`, `${base}:order`, `${base}:counts`]
}
