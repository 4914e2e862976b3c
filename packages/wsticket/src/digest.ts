/**
 * SHA-256, synchronous, in every runtime.
 * @module
 */
import { sha256 as portableSha256 } from '@noble/hashes/sha2.js'
import { base64url } from 'jose'
import { builtinModule } from './builtin-module.ts'

type OneShotHash = (algorithm: string, data: string, encoding: string) => string

// WebCrypto's digest is asynchronous and costs thirty times as much for 47 bytes. Node's own one-shot hash is asked for at
// run time, so that no node: module is reachable from here; other runtimes take the portable one.
const oneShotHash = builtinModule<{ hash?: OneShotHash }>('node:crypto')?.hash

const encoder = new TextEncoder()

/** SHA-256 of the UTF-8 bytes of a text, in base64url without padding: 43 characters (FIPS 180-4, RFC 4648 section 5). */
export const sha256: (text: string) => string = oneShotHash
  ? (text) => oneShotHash('sha256', text, 'base64url')
  : (text) => base64url.encode(portableSha256(encoder.encode(text)))
