/**
 * From the text of a URL to what can be opened: the table of schemes.
 * @module
 */
import { ConfigurationError } from './errors.ts'
import type { Opener, StoreSource } from './opener.ts'
import { memoryOpener } from './openers/memory.ts'
import { natsOpener } from './openers/nats.ts'
import { postgresOpener } from './openers/postgres.ts'
import { redisOpener } from './openers/redis.ts'
import { sqliteOpener } from './openers/sqlite.ts'
import { parseStoreUrl } from './store-url.ts'

const openers: readonly Opener[] = [memoryOpener, sqliteOpener, redisOpener, postgresOpener, natsOpener]

const examples = openers.flatMap(({ schemes }) => schemes.map((scheme) => `${scheme}:`)).join(' ')

/**
 * What a URL names; opens nothing yet.
 * @throws ConfigurationError for a URL that cannot be. No message has a text of the URL in it.
 */
export function sourceOf(text: string, trial: string | null = null): StoreSource {
  const scheme = /^[^:]*/.exec(text)?.[0].toLowerCase() ?? ''
  const opener = openers.find(({ schemes }) => schemes.includes(scheme))
  if (opener === undefined) throw new ConfigurationError('url', `must begin with one of ${examples}`)
  return opener.read(parseStoreUrl(text), trial)
}
