/**
 * Randomness, as an argument.
 * @module
 */
import { base64url } from 'jose'
import { ConfigurationError } from './errors.ts'

/** Fills the array with random bytes from a CSPRNG, and returns it. */
export type RandomSource = (bytes: Uint8Array<ArrayBuffer>) => Uint8Array

const poolBytes = 8192

/** Where random bytes come from unless told otherwise: the runtime's CSPRNG, which is asked for many at once. */
export const systemRandom: RandomSource = createPooledRandom((bytes) => crypto.getRandomValues(bytes))

const secretBytes = 32

/**
 * 256 random bits as a text: 43 base64url characters, without padding (RFC 4648 section 5).
 * @throws ConfigurationError where the source gives another number of bytes.
 */
export function randomText(random: RandomSource): string {
  const bytes = random(new Uint8Array(secretBytes))
  if (bytes.length !== secretBytes)
    throw new ConfigurationError('random', `must return the ${secretBytes} bytes it is given`)
  return base64url.encode(bytes)
}

/**
 * A source that takes from another in large pieces, for to ask a CSPRNG costs the same for 32 bytes as for thousands. Each byte is
 * given once, and wiped where it was.
 */
export function createPooledRandom(source: RandomSource): RandomSource {
  const pool = new Uint8Array(poolBytes)
  let given = poolBytes
  return (bytes) => {
    if (bytes.length > poolBytes) return source(bytes)
    if (given + bytes.length > poolBytes) {
      // Where this throws, nothing of the pool is given any more.
      given = poolBytes
      source(pool)
      given = 0
    }
    const end = given + bytes.length
    bytes.set(pool.subarray(given, end))
    pool.fill(0, given, end)
    given = end
    return bytes
  }
}
