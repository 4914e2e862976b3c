import { describe, expect, it } from 'vitest'
import { hostileOrigins } from 'wsticket-corpus/hostile-origins'
import { createOriginCheck, type NonBrowserClients, parseOrigins } from '../../src/checks/origin.ts'
import { ConfigurationError } from '../../src/errors.ts'
import { handshake, headerLines } from '../core/fixtures.ts'

const listed = ['https://app.example', 'https://app.example:8443', 'http://localhost:3000', 'https://[2001:db8::1]']

function verdict(
  origin: string | null,
  nonBrowserClients: NonBrowserClients = 'authorization_carrier',
  carrier: 'subprotocol' | 'authorization' | 'query' | null = 'subprotocol',
) {
  const check = createOriginCheck(parseOrigins(listed), nonBrowserClients)
  const lines = headerLines(origin === null ? {} : { Origin: 'https://replaced.example' })
  return check({ handshake: { ...handshake({ rawHeaders: lines }), origin }, carrier, key: null, clientAddress: null })
}

describe('the origin check', () => {
  it.each(listed)('lets a page of %s pass', (origin) => {
    expect(verdict(origin)).toBeNull()
  })

  it('refuses every one of 150 hostile origins, whatever the carrier', () => {
    expect(new Set(hostileOrigins).size).toBeGreaterThanOrEqual(150)
    for (const origin of hostileOrigins) {
      for (const carrier of ['subprotocol', 'authorization', 'query', null] as const) {
        expect(verdict(origin, 'authorization_carrier', carrier), JSON.stringify(origin)).toBe('origin_forbidden')
        expect(verdict(origin, 'any_carrier', carrier), JSON.stringify(origin)).toBe('origin_forbidden')
      }
    }
  })

  it('lets a client without Origin pass only with a ticket that no browser could have put there', () => {
    expect(verdict(null, 'authorization_carrier', 'authorization')).toBeNull()
    expect(verdict(null, 'authorization_carrier', 'subprotocol')).toBe('origin_forbidden')
    expect(verdict(null, 'authorization_carrier', 'query')).toBe('origin_forbidden')
    expect(verdict(null, 'authorization_carrier', null)).toBe('origin_forbidden')
  })

  it('lets every client without Origin pass where the operator says so', () => {
    for (const carrier of ['subprotocol', 'authorization', 'query', null] as const) {
      expect(verdict(null, 'any_carrier', carrier)).toBeNull()
    }
  })

  it('lets no page pass where none is listed', () => {
    const check = createOriginCheck(parseOrigins([]), 'any_carrier')
    const attempt = { handshake: handshake(), carrier: 'subprotocol', key: null, clientAddress: null } as const
    expect(check(attempt)).toBe('origin_forbidden')
  })
})

describe('a list of origins', () => {
  it('takes what a browser or the web view of an app sends', () => {
    const origins = [...listed, 'https://xn--bcher-kva.example', 'capacitor://localhost', 'chrome-extension://abcdef']
    expect([...parseOrigins(origins)]).toEqual(origins)
  })

  it.each([
    'https://app.example/',
    'https://app.example/path',
    'https://app.example?query',
    'https://app.example#fragment',
    'https://app.example:443',
    'http://app.example:80',
    'https://App.example',
    'HTTPS://app.example',
    'https://user@app.example',
    'https://user:password@app.example',
    'https://*.app.example',
    'https://*',
    '*',
    'null',
    '',
    ' ',
    'app.example',
    '//app.example',
    'https:app.example',
    'https:/app.example',
    'https://',
    'https:///',
    'https:// app.example',
    ' https://app.example',
    'https://app.example ',
    'https://app.example\n',
    'https://app.example:',
    'https://app.example:0443',
    'https://app.example:99999',
    'https://app.example:8a',
    'https://app\\.example',
    'https://b\u00fccher.example',
    'https://127.1',
    'https://0x7f.0.0.1',
    'https://[2001:DB8::1]',
    'https://[2001:db8:0:0:0:0:0:1]',
    'https://[::1',
    'https://a.example,https://b.example',
    'ws://app.example',
    'wss://app.example',
    'app://h\u00f6st',
    'app://ho st',
    'app://host\u0000',
  ])('refuses %j, which no browser could send', (origin) => {
    const parse = () => parseOrigins(['https://app.example', origin])
    expect(parse).toThrow(ConfigurationError)
    expect(parse).toThrow(/must be exact origins such as .*, not "/)
  })

  it.each([
    ['nothing', undefined],
    ['null', null],
    ['a text', 'https://app.example'],
    ['an object', {}],
    ['a list that is not of texts', [null]],
    ['a list within a list', [['app://host']]],
    ['something that only reads like one', [{ toString: (): string => 'app://host' }]],
  ])('is not %s', (_, origins) => {
    expect(() => parseOrigins(origins as never)).toThrow(ConfigurationError)
    expect(() => parseOrigins(origins as never)).toThrow(/must be (?:a list of exact origins|exact origins such as )/)
  })
})
