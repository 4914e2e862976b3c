/**
 * Randomness, as an argument.
 * @module
 */
import { base64url } from 'jose'
import { ConfigurationError } from './errors.ts'

/** Fills the array with random bytes from a CSPRNG, and returns it. */
export type RandomSource = (bytes: Uint8Array<ArrayBuffer>) => Uint8Array

/** Where random bytes come from unless told otherwise: the runtime's CSPRNG. */
export const systemRandom: RandomSource = (bytes) => crypto.getRandomValues(bytes)

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
