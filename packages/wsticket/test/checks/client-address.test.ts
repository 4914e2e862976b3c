import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { createClientAddressResolver } from '../../src/checks/client-address.ts'
import { ConfigurationError } from '../../src/errors.ts'

const direct = createClientAddressResolver([])
const proxied = createClientAddressResolver(['10.0.0.0/8', '192.0.2.1', '2001:db8:ffff::/48'])
const proxy = '10.1.2.3'

const spellings: readonly (readonly [spelled: string, canonical: string])[] = [
  ['192.0.2.7', '192.0.2.7'],
  ['0.0.0.0', '0.0.0.0'],
  ['255.255.255.255', '255.255.255.255'],
  ['192.0.2.7:443', '192.0.2.7'],
  ['192.0.2.7:65535', '192.0.2.7'],
  ['::ffff:192.0.2.7', '192.0.2.7'],
  ['::FFFF:192.0.2.7', '192.0.2.7'],
  ['::ffff:c000:207', '192.0.2.7'],
  ['0:0:0:0:0:ffff:192.0.2.7', '192.0.2.7'],
  ['0000:0000:0000:0000:0000:ffff:c000:0207', '192.0.2.7'],
  ['[::ffff:192.0.2.7]:443', '192.0.2.7'],
  ['2001:db8::1', '2001:db8::1'],
  ['2001:DB8::1', '2001:db8::1'],
  ['2001:0db8:0000:0000:0000:0000:0000:0001', '2001:db8::1'],
  ['2001:db8:0:0:0:0:0:1', '2001:db8::1'],
  ['[2001:db8::1]', '2001:db8::1'],
  ['[2001:db8::1]:443', '2001:db8::1'],
  ['fe80::1%eth0', 'fe80::1'],
  ['[fe80::1%eth0]:443', 'fe80::1'],
  ['fe80::1%25eth0', 'fe80::1'],
  ['::1', '::1'],
  ['::', '::'],
  ['64:ff9b::192.0.2.7', '64:ff9b::c000:207'],
  ['::1:192.0.2.7', '::1:c000:207'],
]

const noAddresses: readonly string[] = [
  '',
  ' ',
  'unknown',
  '_hidden',
  'localhost',
  'client.example',
  '192.0.2',
  '192.0.2.',
  '192.0.2.7.',
  '.192.0.2.7',
  '192.0.2.7.8',
  '192.0.2.256',
  '192.0.2.-7',
  '192.0.2.7/32',
  '192.0.2.07',
  '0300.0.2.7',
  '192.0.2.010',
  '0xc0.0.2.7',
  '0xc0000207',
  '3221225991',
  '192.519',
  '127.1',
  '192.0.2.7 ',
  '192.0.2.7\n',
  '192.0.2.7\u0000',
  '\uff11\uff19\uff12.0.2.7',
  '192.0.2.7:',
  '192.0.2.7:http',
  '192.0.2.7:123456',
  '192.0.2.7:80:80',
  '192.0.2.7, 192.0.2.8',
  '"192.0.2.7"',
  'for=192.0.2.7',
  '::ffff:192.0.2.256',
  '::ffff:010.0.0.1',
  '::ffff:0x7f.0.0.1',
  '::ffff:192.0.2',
  '::ffff:192.0.2.7.8',
  '::192.0.2.7',
  '2001:db8:::1',
  '1::2::3',
  '2001:db8::g',
  '2001:db8::12345',
  '1:2:3:4:5:6:7',
  '1:2:3:4:5:6:7:8:9',
  ':1',
  '1:',
  ':',
  '[2001:db8::1',
  '2001:db8::1]',
  '[]',
  '[]:443',
  '[2001:db8::1]443',
  '[2001:db8::1]:',
  '[2001:db8::1]:123456',
  '[[2001:db8::1]]',
  '192.0.2.7%eth0',
  '%eth0',
  '%',
  '2001:db8::1/64',
  '__proto__',
]

describe('the address of a client that connects by itself', () => {
  it.each(spellings)('%j is %s, and behind a proxy, too', (spelled, canonical) => {
    expect(direct(spelled, null)).toBe(canonical)
    expect(proxied(proxy, spelled)).toBe(canonical)
  })

  it.each(noAddresses)('%j is none, and behind a proxy neither', (text) => {
    expect(direct(text, null)).toBeNull()
    // A proxy puts a space after each comma; it is not part of the hop.
    if (text.trim() === text && !text.includes(',')) expect(proxied(proxy, text)).toBeNull()
  })

  it('is none where the server does not tell', () => {
    expect(direct(null, null)).toBeNull()
    expect(proxied(null, '192.0.2.7')).toBeNull()
  })

  it('is never what X-Forwarded-For says', () => {
    expect(direct('192.0.2.7', '203.0.113.9')).toBe('192.0.2.7')
    expect(proxied('192.0.2.7', '203.0.113.9')).toBe('192.0.2.7')
    expect(proxied('not an address', '203.0.113.9')).toBeNull()
  })
})

describe('the address of a client behind proxies', () => {
  it.each([
    ['one hop', '203.0.113.9', '203.0.113.9'],
    ['an invented hop before it', '198.51.100.1, 203.0.113.9', '203.0.113.9'],
    ['an invented proxy before it', '198.51.100.1, 10.0.0.1, 203.0.113.9', '203.0.113.9'],
    ['a trusted proxy after it', '203.0.113.9, 10.9.9.9', '203.0.113.9'],
    ['several trusted proxies after it', '203.0.113.9, 10.9.9.9, 192.0.2.1, 2001:db8:ffff::5', '203.0.113.9'],
    ['a trusted proxy in IPv6 spelling', '203.0.113.9, ::ffff:10.9.9.9', '203.0.113.9'],
    ['a trusted proxy with a port', '203.0.113.9:1234, 10.9.9.9:80, [2001:db8:ffff::5]:80', '203.0.113.9'],
    ['no space after the comma', '198.51.100.1,203.0.113.9', '203.0.113.9'],
    ['many spaces', '  198.51.100.1 ,   203.0.113.9  ', '203.0.113.9'],
    ['garbage that the client invented', 'garbage, "x, 203.0.113.9', '203.0.113.9'],
    ['a client that is itself in a trusted network', '10.4.4.4, 10.9.9.9', '10.4.4.4'],
    ['an address in an untrusted neighbour network', '203.0.113.9, 11.0.0.1', '11.0.0.1'],
    ['an IPv6 address beyond the trusted prefix', '203.0.113.9, 2001:db8:fffe::5', '2001:db8:fffe::5'],
  ])('is read from right to left, with %s', (_, chain, client) => {
    expect(proxied(proxy, chain)).toBe(client)
    expect(proxied(`::ffff:${proxy}`, chain)).toBe(client)
  })

  it.each([
    ['no chain', null],
    ['an empty chain', ''],
    ['a last hop that is empty', '203.0.113.9,'],
    ['a last hop that is garbage', '203.0.113.9, unknown'],
    ['garbage behind a trusted proxy', 'unknown, 10.9.9.9'],
    ['an empty hop behind a trusted proxy', '203.0.113.9, , 10.9.9.9'],
    ['an octal address', '010.0.0.1'],
  ])('cannot be told from %s', (_, chain) => {
    expect(proxied(proxy, chain)).toBeNull()
  })

  it('is the same behind any number of trusted hops, and whatever stands before it', () => {
    for (let hops = 0; hops <= 30; hops += 1) {
      const trusted = Array.from({ length: hops }, (_, at) => `10.0.0.${at}`)
      const invented = Array.from({ length: hops }, (_, at) => `198.51.100.${at}`)
      expect(proxied(proxy, [...invented, '203.0.113.9', ...trusted].join(', '))).toBe('203.0.113.9')
    }
  })

  it('is one spelling or none, and telling it never throws', () => {
    const hop = fc.oneof(
      fc.ipV4(),
      fc.ipV6(),
      fc.ipV4Extended(),
      fc.string(),
      fc.constantFrom('', '10.0.0.1', '[::1]', 'unknown', '1.2.3.4%x', '[', ']', '%', ':', '::'),
    )
    const address = fc.option(fc.oneof(hop, fc.constant(proxy)))
    const chain = fc.option(fc.array(hop, { maxLength: 31 }).map((hops) => hops.join(', ')))
    fc.assert(
      fc.property(address, chain, (peer, forwardedFor) => {
        const client = proxied(peer, forwardedFor)
        if (client !== null) expect(direct(client, null)).toBe(client)
      }),
      { numRuns: 500 },
    )
  })

  it('reads an address of a socket the short way just as the long way', () => {
    // 203.0.113.255 trusts nobody of these, and so takes the long way to the same answer.
    const longWay = createClientAddressResolver(['203.0.113.255'])
    const octets = fc.array(fc.oneof(fc.integer({ min: 0, max: 300 }), fc.constantFrom('', '00', '07')), {
      minLength: 3,
      maxLength: 5,
    })
    const text = fc
      .tuple(fc.constantFrom('', '::ffff:', '::'), octets)
      .map(([prefix, parts]) => prefix + parts.join('.'))
    fc.assert(fc.property(fc.oneof(text, fc.string()), (peer) => direct(peer, null) === longWay(peer, null)))
  })
})

describe('a list of trusted proxies', () => {
  it.each(['10.0.0.0/8', '10.0.0.1/8', '0.0.0.0/1', '192.0.2.1', '::1', '::1/128', '2001:db8::/32', 'fe80::/10'])(
    'takes %s',
    (entry) => {
      expect(() => createClientAddressResolver([entry])).not.toThrow()
    },
  )

  it.each([
    '',
    '*',
    'loopback',
    'proxy.example',
    '10.0.0.0/',
    '10.0.0.0/33',
    '10.0.0.0/-1',
    '10.0.0.0/8/8',
    '10.0.0.0/8.5',
    '10.0.0.0/eight',
    '10.0.0.0/255.0.0.0',
    '10.0.0/8',
    '10.0.0.0 /8',
    '010.0.0.0/8',
    '10.0.0.0-10.0.0.9',
    '10.0.0.0/8,192.0.2.1',
    '2001:db8::/129',
    '::ffff:10.0.0.0/104',
    '2001:db8::/32/32',
    '0.0.0.0/0',
    '::/0',
  ])('refuses %j', (entry) => {
    const create = () => createClientAddressResolver(['10.0.0.0/8', entry])
    expect(create).toThrow(ConfigurationError)
    expect(create).toThrow(
      `must be addresses or networks such as 10.0.0.0/8 (never /0, which is everybody), not ${JSON.stringify(entry)}`,
    )
    expect(() => createClientAddressResolver([entry])).toThrow(/^trustedProxies /)
  })
})
