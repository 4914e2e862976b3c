import { createHash } from 'node:crypto'
import fc from 'fast-check'
import { afterEach, describe, expect, it, vi } from 'vitest'

afterEach(() => vi.resetModules())

/** The module as a runtime evaluates it: Node with a one-shot hash, an older Node, a browser. */
const runtimes = [
  ['that has a one-shot hash', () => {}],
  ['that has none', () => vi.stubGlobal('process', { getBuiltinModule: () => ({}) })],
  ['that does not know the module', () => vi.stubGlobal('process', { getBuiltinModule: () => undefined })],
  ['that cannot be asked for modules', () => vi.stubGlobal('process', {})],
  ['that has no process', () => vi.stubGlobal('process', undefined)],
] as const

describe('SHA-256', () => {
  it.each(runtimes)('is the same in a runtime %s', async (_, become) => {
    become()
    const { sha256 } = await import('../../src/digest.ts')
    vi.unstubAllGlobals()
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
