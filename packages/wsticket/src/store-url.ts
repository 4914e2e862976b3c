/**
 * The URL of a store, taken apart. Whatever is wrong is said without any text of the URL: each of them may be a password that
 * was not encoded.
 * @module
 */
import { ConfigurationError } from './errors.ts'

/** Where a server listens. */
export interface ServerAddress {
  /** Without the brackets of an IPv6 address. */
  readonly host: string
  readonly port: number
}

/** The parts of a URL, decoded. */
export interface StoreUrl {
  /** All of it, as it was given. */
  readonly text: string
  /** In lower case, without its colon: `redis+sentinel`. */
  readonly scheme: string
  /** What stands between `//` and the path, as it was given; null where there is no `//`. */
  readonly authority: string | null
  readonly path: string
  /** Each once. */
  readonly parameters: ReadonlyMap<string, string>
}

/** What stands before the `@`. */
export interface StoreCredentials {
  readonly username: string | null
  readonly password: string | null
}

const form = /^([a-z][a-z0-9+]*):(?:\/\/([^/?#\s]*))?([^?#]*)(?:\?([^#]*))?$/i
const encoding = 'in a user name and a password, @ : / ? # and % are written %40 %3A %2F %3F %23 and %25'

/**
 * Takes the URL of a store apart.
 * @throws ConfigurationError for a text that is no URL.
 */
export function parseStoreUrl(text: string): StoreUrl {
  const [, scheme, authority = null, path = '', query = ''] = form.exec(text) ?? []
  if (scheme === undefined) throw new ConfigurationError('url', `must be a URL; ${encoding}`)
  const parameters = new URLSearchParams(query)
  if (new Set(parameters.keys()).size < parameters.size)
    throw new ConfigurationError('url', 'must give each parameter once')
  return { text, scheme: scheme.toLowerCase(), authority, path: decode(path), parameters: new Map(parameters) }
}

/**
 * The user name and the password of a URL.
 * @throws ConfigurationError where they are not encoded.
 */
export function credentialsOf({ authority }: StoreUrl): StoreCredentials {
  const [, username, password] = /^([^:@]*)(?::([^:@]*))?@[^@]*$/.exec(authority ?? '') ?? []
  if (username === undefined && authority?.includes('@')) throw new ConfigurationError('url', `is unclear: ${encoding}`)
  return { username: decode(username ?? '') || null, password: decode(password ?? '') || null }
}

/**
 * The servers that a URL names, separated by commas.
 * @throws ConfigurationError where there is none, or one that is no host and port.
 */
export function serversOf({ authority }: StoreUrl, defaultPort: number): readonly ServerAddress[] {
  const hosts = (authority ?? '').replace(/^.*@/, '')
  return hosts.split(',').map((server) => {
    const [, bracketed, plain, digits] = /^(?:\[([\da-f:.]+)\]|([\w.-]+))(?::(\d{1,5}))?$/i.exec(server) ?? []
    const [host, port] = [bracketed ?? plain, Number(digits ?? defaultPort)]
    if (host === undefined || port > 65_535)
      throw new ConfigurationError('url', 'must name hosts after its //, such as redis.internal:6379')
    return { host, port }
  })
}

/**
 * Expects no other parameters than these.
 * @throws ConfigurationError
 */
export function requireParameters({ parameters }: StoreUrl, ...known: readonly string[]): void {
  if ([...parameters.keys()].every((name) => known.includes(name))) return
  const allowed = known.length === 0 ? 'no parameters here' : `no other parameters here than ${known.join(', ')}`
  throw new ConfigurationError('url', `may have ${allowed}`)
}

/** Those of the named parameters that are given, as options of a store. */
export function textOptions<Name extends string>(
  { parameters }: StoreUrl,
  ...names: readonly Name[]
): { readonly [name in Name]?: string } {
  const given = names.filter((name) => parameters.has(name))
  return Object.fromEntries(given.map((name) => [name, parameters.get(name)])) as { [name in Name]?: string }
}

/**
 * Those of the named parameters that are given, as numbers: durations and counts.
 * @throws ConfigurationError for one that is none.
 */
export function numberOptions<Name extends string>(
  url: StoreUrl,
  ...names: readonly Name[]
): { readonly [name in Name]?: number } {
  const numbers = Object.entries(textOptions(url, ...names)).map(([name, digits]) => {
    if (!/^\d{1,15}$/.test(String(digits))) throw new ConfigurationError('url', `must give ${name} as a whole number`)
    return [name, Number(digits)]
  })
  return Object.fromEntries(numbers) as { [name in Name]?: number }
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    throw new ConfigurationError('url', `is not encoded as URLs are; ${encoding}`)
  }
}
