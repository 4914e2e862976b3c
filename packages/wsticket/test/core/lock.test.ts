import { createHash } from 'node:crypto'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { ConfigurationError } from '../../src/errors.ts'
import { generateKey, lockOfKey, parseKey, parseLock } from '../../src/lock.ts'
import { parseTicket } from '../../src/ticket.ts'
import { keyOf, ticketOf } from './fixtures.ts'

const canonicalLastCharacters = 'AEIMQUYcgkosw048'
const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_'

// Titles and messages name what is wrong with a text, never the text: it may look like a key.
const malformed: readonly (readonly [flaw: string, spell: (key: string) => string])[] = [
  ['nothing', () => ''],
  ['its prefix only', () => 'wsk_'],
  ['no prefix', (key) => key.slice(4)],
  ['a prefix in capitals', (key) => `WSK_${key.slice(4)}`],
  ['the prefix of a ticket', (key) => `wst_${key.slice(4)}`],
  ['one character less', (key) => key.slice(0, -1)],
  ['one character more', (key) => `${key}A`],
  ['padding', (key) => `${key}=`],
  ['a space after', (key) => `${key} `],
  ['a line feed after', (key) => `${key}\n`],
  ['a slash', (key) => `${key.slice(0, 10)}/${key.slice(11)}`],
  ['a key after it', (key) => `${key}.${key}`],
]

describe('a key', () => {
  it('is 47 characters that every header takes for a token: the prefix and 32 bytes in base64url', () => {
    const key = generateKey()
    expect(/^wsk_[A-Za-z0-9_-]{43}$/.test(key)).toBe(true)
    expect(Buffer.from(key.slice(4), 'base64url').length).toBe(32)
  })

  it('is never made twice', () => {
    expect(new Set(Array.from({ length: 10_000 }, () => generateKey())).size).toBe(10_000)
  })

  it('is not made where the random source gives fewer bytes, or more', () => {
    expect(() => generateKey((bytes) => bytes.subarray(1))).toThrow(ConfigurationError)
    expect(() => generateKey(() => new Uint8Array(33))).toThrow(/^random /)
  })

  it('is read back as it was, and is no ticket', () => {
    const key = generateKey()
    expect(parseKey(key) === key).toBe(true)
    expect(parseTicket(key)).toBeNull()
    expect(parseKey(ticketOf(1))).toBeNull()
  })

  it.each(malformed)('is not a text with %s', (_, spell) => {
    expect(parseKey(spell(keyOf(1))) === null).toBe(true)
  })

  it('is not a text whose last character is not canonical', () => {
    const stem = keyOf(1).slice(0, -1)
    const accepted = Array.from(alphabet).filter((character) => parseKey(stem + character) !== null)
    expect(accepted.sort().join('')).toBe(Array.from(canonicalLastCharacters).sort().join(''))
  })

  it('is never made of arbitrary text, and reading never throws', () => {
    fc.assert(fc.property(fc.string({ unit: 'binary' }), (text) => parseKey(text) === null))
  })
})

describe('a lock', () => {
  it('is the SHA-256 of the text of its key in base64url, prefix and all', () => {
    const key = generateKey()
    expect(lockOfKey(key)).toBe(createHash('sha256').update(key).digest('base64url'))
  })

  it('is for 32 zero bytes the one that docs/protocol.md names', () => {
    expect(lockOfKey(generateKey((bytes) => bytes.fill(0)))).toBe('mVF23h-sc86KVx9fLI3z1jVU-k1jBlYRJdGIEd8vx_o')
  })

  it('has a form of its own, from which no key can be told', () => {
    const lock = lockOfKey(keyOf(1))
    expect(parseLock(lock)).toBe(lock)
    expect(parseKey(lock)).toBeNull()
    expect(parseLock(keyOf(1)) === null).toBe(true)
  })

  it.each([
    '',
    'a',
    `${'A'.repeat(43)}\n`,
    `${'A'.repeat(42)}B`,
    `${'A'.repeat(44)}`,
    `${'A'.repeat(42)}=`,
    `${'*'.repeat(43)}`,
  ])('is not %j', (text) => {
    expect(parseLock(text)).toBeNull()
  })
})
