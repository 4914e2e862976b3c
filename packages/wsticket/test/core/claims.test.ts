import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { copyClaims, maxClaimsBytes, noClaims } from '../../src/claims.ts'
import { ConfigurationError } from '../../src/errors.ts'

/** JSON text of an object that has a member so many levels down: `JSON.parse` makes `__proto__` a member like any other. */
function nested(member: string, depth: number): object {
  const open = Array.from({ length: depth - 1 }, (_, at) => (at % 2 === 0 ? '{"in":' : '[')).join('')
  const close = Array.from({ length: depth - 1 }, (_, at) => (at % 2 === 0 ? '}' : ']'))
    .reverse()
    .join('')
  return JSON.parse(`${open}{"kept":1,"${member}":{"polluted":true}}${close}`) as object
}

function objectsWithin(value: unknown): readonly object[] {
  if (typeof value !== 'object' || value === null) return []
  return [value, ...Object.values(value).flatMap(objectsWithin)]
}

function refusesAsClaims(claims: unknown): boolean {
  try {
    copyClaims(claims as object)
    return false
  } catch (error) {
    expect(error).toBeInstanceOf(ConfigurationError)
    expect((error as ConfigurationError).option).toBe('claims')
    return true
  }
}

describe('claims', () => {
  it('are copied as JSON carries them', () => {
    const claims = { role: 'editor', rooms: [1, { name: 'a' }], since: new Date(0), nothing: null, dropped: undefined }
    expect(JSON.parse(JSON.stringify(copyClaims(claims)))).toEqual({
      role: 'editor',
      rooms: [1, { name: 'a' }],
      since: '1970-01-01T00:00:00.000Z',
      nothing: null,
    })
  })

  it('do not change when what they were copied from does', () => {
    const claims = { rooms: ['a'] }
    const copy = copyClaims(claims)
    claims.rooms.push('b')
    expect(copy.rooms).toEqual(['a'])
  })

  it.each(['__proto__', 'constructor', 'prototype'])('never have a member %s, however deep', (member) => {
    for (let depth = 1; depth <= 6; depth += 1) {
      const copy = copyClaims(nested(member, depth))
      const objects = objectsWithin(copy)
      expect(objects.some((object) => Object.hasOwn(object, member))).toBe(false)
      expect(objects.some((object) => Object.hasOwn(object, 'kept'))).toBe(true)
      expect(JSON.stringify(copy).includes('polluted')).toBe(false)
    }
    expect(({} as { polluted?: boolean }).polluted).toBeUndefined()
    expect([].constructor).toBe(Array)
  })

  it('have objects without a prototype, and everything is frozen', () => {
    const copy = copyClaims({ a: { b: [{ c: 1 }, []] }, d: {} })
    for (const object of objectsWithin(copy)) {
      expect(Object.isFrozen(object)).toBe(true)
      expect(Array.isArray(object) || Object.getPrototypeOf(object) === null).toBe(true)
    }
    expect(Object.isFrozen(noClaims)).toBe(true)
    expect(Object.getPrototypeOf(noClaims)).toBeNull()
  })

  it('are at most 4 KiB of JSON, in bytes', () => {
    const bytesAround = JSON.stringify({ text: '' }).length
    expect(refusesAsClaims({ text: 'x'.repeat(maxClaimsBytes - bytesAround) })).toBe(false)
    expect(refusesAsClaims({ text: 'x'.repeat(maxClaimsBytes - bytesAround + 1) })).toBe(true)
    expect(refusesAsClaims({ text: '\u00eb'.repeat((maxClaimsBytes - bytesAround) / 2 + 1) })).toBe(true)
    expect(refusesAsClaims(Object.fromEntries(Array.from({ length: 100_000 }, (_, at) => [at, at])))).toBe(true)
  })

  it('may be as deep as 4 KiB of brackets', () => {
    const depth = 2000
    const claims = JSON.parse(`{"a":${'['.repeat(depth)}${']'.repeat(depth)}}`) as object
    expect(refusesAsClaims(claims)).toBe(false)
  })

  it.each([
    ['an array', []],
    ['a text', 'role'],
    ['a number', 7],
    ['null', null],
    ['nothing', undefined],
    ['a function', () => {}],
    ['an object that turns itself into a text', { toJSON: () => '{"admin":true}' }],
    ['an object that turns itself into an array', { toJSON: () => [] }],
    ['an object that turns itself into nothing', { toJSON: () => undefined }],
    [
      'an object that does not want to be turned into JSON',
      {
        toJSON: () => {
          throw new Error('no')
        },
      },
    ],
    ['a date', new Date(0)],
    ['a BigInt within', { count: 1n }],
    [
      'a getter that throws',
      {
        get role() {
          throw new Error('no')
        },
      },
    ],
  ])('are not %s', (_, claims) => {
    expect(refusesAsClaims(claims)).toBe(true)
  })

  it('are not what contains itself', () => {
    const claims: { self?: object } = {}
    claims.self = claims
    expect(refusesAsClaims(claims)).toBe(true)
  })

  it('are not nested deeper than JSON can be written', () => {
    let claims = {}
    for (let depth = 0; depth < 100_000; depth += 1) claims = { claims }
    expect(refusesAsClaims(claims)).toBe(true)
  })

  it('say nothing of their values when they are refused', () => {
    const secret = 'a value that is nobody\u2019s business'
    expect(() => copyClaims({ secret, count: 1n })).toThrow(/^claims must be a JSON object$/)
    expect(() => copyClaims({ secret: secret.repeat(200) })).toThrow(/^claims must be at most 4096 bytes of JSON$/)
  })

  it('are the same after any number of copies', () => {
    fc.assert(
      fc.property(fc.dictionary(fc.string(), fc.jsonValue()), (claims) => {
        const once = copyClaims(claims)
        expect(JSON.stringify(copyClaims(once))).toBe(JSON.stringify(once))
      }),
    )
  })
})
