/**
 * Runs a script on a key in Redis, by its digest where the server knows it.
 * @module
 */
import { type Asker, requireWaiting } from './asker.ts'
import { ConfigurationError, StoreError } from './errors.ts'
import type { RedisDriver } from './redis-driver.ts'
import type { RedisScript } from './redis-scripts.ts'

/** What a script runs on, and for whom. */
export interface Target {
  readonly key: string
  /** Its other keys, in the slot of the first. Default: none. */
  readonly others?: readonly string[]
  readonly asker: Asker
}

/** Runs a script on a key, or on several of one slot. */
export type Run = (script: RedisScript, on: Target, parts: readonly string[]) => Promise<unknown>

/** Creates what runs scripts. It throws StoreError `capacity` where Redis has no memory left, else what the driver throws. */
export function createRun(driver: RedisDriver): Run {
  return async ({ sha, text }, { key, others = [], asker }, parts) => {
    const onKeys = [String(1 + others.length), key, ...others, ...parts]
    try {
      return await driver.send(key, ['EVALSHA', sha, ...onKeys])
    } catch (error) {
      // Not executed, then: a server that has started or joined since does not know the script.
      if (isReply(error, 'OOM')) throw new StoreError('capacity', 'redis has reached its maxmemory')
      if (!isReply(error, 'NOSCRIPT')) throw error
      requireWaiting(asker)
      return driver.send(key, ['EVAL', text, ...onKeys])
    }
  }
}

/** What a reply is that no script of ours gives. */
export function strangeReply(): StoreError {
  return new StoreError('corrupt', 'redis answered with something that no script of ours replies')
}

/**
 * Checks what keys begin with.
 * @throws ConfigurationError
 */
export function requirePrefix(prefix: string): void {
  // A lone surrogate would be written as U+FFFD, like any other.
  if (typeof prefix === 'string' && prefix !== '' && !/\p{Cs}/u.test(prefix)) return
  throw new ConfigurationError('prefix', 'must be a text of one character or more')
}

/** Whether a server refused a command, with an error of this kind. */
function isReply(error: unknown, kind: string): boolean {
  return error instanceof Error && error.message.startsWith(`${kind} `)
}
