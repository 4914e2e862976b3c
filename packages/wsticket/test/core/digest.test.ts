import { createHash } from 'node:crypto'
import fc from 'fast-check'
import { afterEach, describe, expect, it, vi } from 'vitest'

const { getBuiltinModule } = process

afterEach(() => {
  process.getBuiltinModule = getBuiltinModule
  vi.resetModules()
})

/** How `node:crypto` looks to a runtime that is asked for it. */
function offering(crypto: object | undefined): typeof getBuiltinModule {
  return ((name: string) => (name === 'node:crypto' ? crypto : getBuiltinModule(name))) as typeof getBuiltinModule
}

describe('SHA-256', () => {
  it.each([
    ['that has a one-shot hash', getBuiltinModule],
    ['that has none', offering({})],
    ['that does not know the module', offering(undefined)],
    ['that cannot be asked for modules', undefined as never],
  ])('is the same in a runtime %s', async (_, ask) => {
    process.getBuiltinModule = ask
    const { sha256 } = await import('../../src/digest.ts')
    // FIPS 180-4: the digest of the empty message, and of "abc".
    expect(sha256('')).toBe('47DEQpj8HBSa-_TImW-5JCeuQeRkm5NMpJWZG3hSuFU')
    expect(sha256('abc')).toBe('ungWv48Bz-pBQUDeXa4iI7ADYaOWF3qctBD_YfIAFa0')
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        expect(sha256(text)).toBe(createHash('sha256').update(text, 'utf8').digest('base64url'))
      }),
    )
  })
})
