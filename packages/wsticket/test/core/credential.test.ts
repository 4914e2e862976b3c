import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { type Identity, parseSubject, subjectOf } from '../../src/credential.ts'
import { ConfigurationError } from '../../src/errors.ts'

function identity(issuer: unknown, subject: unknown): Identity {
  return { issuer: issuer as string, subject: subject as string, expiresAt: null, claims: {} }
}

function optionAtFault(issuer: unknown, subject: unknown): string | null {
  try {
    subjectOf(identity(issuer, subject))
    return null
  } catch (error) {
    expect(error).toBeInstanceOf(ConfigurationError)
    return (error as ConfigurationError).option
  }
}

const acceptable = fc
  .string({ unit: 'grapheme', minLength: 1, maxLength: 40 })
  .filter((name) => !/[\p{Cc}#]/u.test(name))

describe('a subject', () => {
  it('is the issuer and its name for the subject', () => {
    const subject = subjectOf(identity('https://issuer.example/realm', '248289761001'))
    expect(subject).toBe('https://issuer.example/realm#248289761001')
    expect(parseSubject(subject)).toEqual({ issuer: 'https://issuer.example/realm', subject: '248289761001' })
  })

  it('may have # in its name, but not in its issuer', () => {
    const subject = subjectOf(identity('https://issuer.example', 'a#b#c'))
    expect(parseSubject(subject)).toEqual({ issuer: 'https://issuer.example', subject: 'a#b#c' })
    expect(optionAtFault('https://issuer.example#a', 'b')).toBe('identity.issuer')
  })

  it('is another one for another issuer, or another name, always', () => {
    fc.assert(
      fc.property(acceptable, acceptable, acceptable, acceptable, (issuer, name, otherIssuer, otherName) => {
        const same = issuer === otherIssuer && name === otherName
        expect(subjectOf(identity(issuer, name)) === subjectOf(identity(otherIssuer, otherName))).toBe(same)
      }),
    )
  })

  it('is read back as the credential spelled it', () => {
    fc.assert(
      fc.property(acceptable, acceptable, (issuer, name) => {
        expect(parseSubject(subjectOf(identity(issuer, name)))).toEqual({ issuer, subject: name })
      }),
    )
  })

  it.each([
    ['nothing', undefined],
    ['null', null],
    ['a number', 7],
    ['an empty text', ''],
    ['an array', ['a']],
    ['a text that is too long', 'x'.repeat(1025)],
    ['a NUL', 'a\u0000'],
    ['a line feed', 'a\nb'],
    ['a carriage return', 'a\rb'],
    ['an escape', '\u001b[31m'],
    ['a DEL', 'a\u007f'],
    ['half a surrogate pair, which two stores may spell alike', 'a\ud800'],
    ['the other half', '\udc00a'],
  ])('is not made of %s', (_, name) => {
    expect(optionAtFault(name, 'alice')).toBe('identity.issuer')
    expect(optionAtFault('https://issuer.example', name)).toBe('identity.subject')
  })

  it('may be as long as 1,024 characters, and have whole surrogate pairs', () => {
    expect(optionAtFault('https://issuer.example', 'x'.repeat(1024))).toBeNull()
    expect(optionAtFault('https://issuer.example', '\u{1f600}')).toBeNull()
  })
})
