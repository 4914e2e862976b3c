/**
 * Schemas of option values: from the text that was given to the value that is meant. Where the library has the rule, it is
 * asked, so that there is one rule.
 * @module
 */
import { createAdmission, createClientAddressResolver, createIssuer, createSessions, type EpochMs } from 'wsticket'
import { createJwtAuthenticator } from 'wsticket/credentials/jwt'
import { requireStoreUrl } from 'wsticket/open-store'
import { createMemoryStore } from 'wsticket/stores/memory'
import { z } from 'zod'
import type { LimitedRate, ListenAddress } from './configuration.ts'
import { refusalOf } from './refusal.ts'

/** Turns a text into a value, or says why it cannot. */
export type Value<Output> = z.ZodType<Output, string>

const longestTimerMs = 2 ** 31 - 1
const visible = /^[!-~]+$/

/** A name without spaces or control characters. */
export const name: Value<string> = z.string().regex(visible, 'must be a name without spaces')

/** `127.0.0.1:8080`, `[::1]:8080`, `0.0.0.0:80`. */
export const listenAddress: Value<ListenAddress> = z.string().transform((text, context) => {
  const [, bracketed, plain, digits] = /^(?:\[([\da-f:.]+)\]|([\w.-]+)):(\d{1,5})$/i.exec(text) ?? []
  const port = Number(digits)
  if (digits !== undefined && port <= 65_535) return { host: (bracketed ?? plain) as string, port }
  return impossible(context, 'must be an address and a port, such as 127.0.0.1:8080 or [::1]:8080')
})

/** The `iss` of a token, which is a URL for everyone who publishes keys. */
export const issuerUrl: Value<string> = z
  .string()
  .refine(isIssuer, 'must be the URL that the tokens name in "iss", such as https://id.example, without query')

/** A URL of keys. */
export const keysUrl: Value<URL> = z.string().transform((text, context) => {
  if (!URL.canParse(text)) return impossible(context, 'must be a URL, such as https://id.example/jwks.json')
  const url = new URL(text)
  const problem = refusalOf(() => createJwtAuthenticator({ ...anyTokens, keys: url }))
  return problem === null ? url : impossible(context, problem)
})

/** A signature algorithm. */
export const algorithm: Value<string> = takenBy((value) =>
  createJwtAuthenticator({ ...anyTokens, algorithms: [value] }),
)

/** `ws://127.0.0.1:9000`, `wss://chat.internal/socket`. */
export const upstreamUrl: Value<URL> = z.string().transform((text, context) => {
  const url = URL.canParse(text) ? new URL(text) : null
  const plain = url !== null && url.username === '' && url.password === '' && url.search === '' && url.hash === ''
  if (url !== null && plain && /^wss?:$/.test(url.protocol)) return url
  return impossible(context, 'must be a ws: or wss: URL without user, query and fragment, such as ws://127.0.0.1:9000')
})

/** A path of the gateway. */
export const path: Value<string> = z
  .string()
  .regex(/^(?:\/[\w.~-]+)+\/?$/, 'must be a path such as /ws')
  .refine((text) => !reserved.test(text), 'is taken by the gateway itself')

/** The origin of a page. */
export const origin: Value<string> = takenBy((value) => createAdmission({ ...anyService, origins: [value] }))

/** An address or a network. */
export const network: Value<string> = takenBy((value) => createClientAddressResolver([value]))

/** One of a few words. */
export function oneOf<const Word extends string>(...words: readonly [Word, ...Word[]]): Value<Word> {
  return z.enum(words, `must be one of ${words.join(', ')}`) as unknown as Value<Word>
}

/** The name of a node. */
export const nodeName: Value<string> = takenBy((value) => createSessions({ nodeName: value }))

/** The URL of a store. */
export const storeUrl: Value<string> = takenBy(requireStoreUrl)

/** A whole number of bits. */
export function bits(most: number): Value<number> {
  return wholeNumber(1, most, 'bits')
}

/** A duration. */
export const milliseconds: Value<number> = wholeNumber(1, Number.MAX_SAFE_INTEGER, 'milliseconds')

/** A duration that may be none. */
export const millisecondsOrNone: Value<number> = wholeNumber(0, Number.MAX_SAFE_INTEGER, 'milliseconds')

/** A duration that a timer can wait for. */
export const timerMilliseconds: Value<number> = wholeNumber(1, longestTimerMs, 'milliseconds')

/** The same, or none. */
export const timerMillisecondsOrNone: Value<number> = wholeNumber(0, longestTimerMs, 'milliseconds')

/** So many, or as many as anybody likes. */
export function countOf(unit: string): Value<number | 'unlimited'> {
  return z.union([z.literal('unlimited'), wholeNumber(1, 1_000_000, unit)])
}

/** `100/1000`: a hundred a second on the average, a thousand at once. */
export const rate: Value<LimitedRate> = z.string().transform((text, context) => {
  if (text === 'unlimited') return text
  const [, perSecond, burst] = /^(\d{1,7}(?:\.\d{1,3})?)\/(\d{1,7})$/.exec(text) ?? []
  if (Number(perSecond) > 0 && Number(burst) >= 1) return { perSecond: Number(perSecond), burst: Number(burst) }
  return impossible(context, 'must be so many a second, a slash, and so many at once, such as 100/1000; or unlimited')
})

/** What the library says against these lifetimes of tickets; null for nothing. */
export function refusalOfLifetimes(lifetimeMs: number, maximumLifetimeMs: number): string | null {
  return refusalOf(() => createIssuer({ store, audiences: ['any'], lifetimeMs, maximumLifetimeMs }))
}

const store = createMemoryStore({ clock: () => 0 as EpochMs })
const anyService = { store, audience: 'any', origins: [] }
const anyTokens = { issuer: 'any', audience: 'any', keys: { keys: [] }, algorithms: ['ES256'] }
const reserved = /^\/(?:(?:tickets|sessions)(?:\/.*)?|livez|readyz)$/

function wholeNumber(least: number, most: number, unit: string): Value<number> {
  const range = most === Number.MAX_SAFE_INTEGER ? `${least} or more` : `from ${least} to ${most}`
  return z
    .string()
    .regex(/^\d{1,16}$/, `must be a whole number of ${unit}, ${range}`)
    .transform(Number)
    .refine((value) => value >= least && value <= most, `must be a whole number of ${unit}, ${range}`)
}

function isIssuer(text: string): boolean {
  return URL.canParse(text) && /^https?:\/\/[^?#\s]+$/.test(text)
}

function takenBy(construct: (value: string) => unknown): Value<string> {
  return z.string().transform((value, context) => {
    const problem = refusalOf(() => construct(value))
    return problem === null ? value : impossible(context, problem)
  })
}

function impossible(context: z.RefinementCtx<string>, message: string): never {
  context.addIssue({ code: 'custom', message })
  return z.NEVER
}
