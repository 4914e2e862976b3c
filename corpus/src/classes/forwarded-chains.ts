/**
 * Class C6: what is claimed about where a client is, while its ticket is bound to one address (policy `exact`).
 *
 * Behind a trusted proxy the client is the first address from the right that is no trusted proxy; from anybody else the peer is
 * the client. A ticket whose handshake gives another address, or none, is spent and opens nothing.
 * @module
 */
import type { CorpusClass } from '../corpus-class.ts'
import { type HandshakeCase, handshakeCase } from '../handshake-case.ts'
import { createSeededRandom, type SeededRandom } from '../seeded-random.ts'

const client = '198.51.100.7'
const client6 = '2001:db8:1::7'
const spoofed = '203.0.113.66'
const proxies = ['10.0.0.1', '10.255.255.254', '127.0.0.1', '2001:db8:ff::1'] as const
const proxy = '127.0.0.1'
const stranger = '127.0.0.2'

/** What the server is told, and whether the ticket's address comes out of it. */
interface Telling {
  readonly from?: string
  readonly issuedTo?: string
  readonly lines: readonly string[]
  readonly fits: boolean
  readonly setting?: 'behind_proxy' | 'no_proxy'
}

function told(
  name: string,
  { from = proxy, issuedTo = client, lines, fits, setting = 'behind_proxy' }: Telling,
): HandshakeCase {
  return handshakeCase(name, fits ? 'admitted' : 'invalid_ticket', {
    setting,
    from,
    issuedTo,
    spends: !fits,
    lines: { more: lines },
  })
}

const forwardedFor = (chain: string) => `X-Forwarded-For: ${chain}`

/** The client's address, spelled in every way that is understood, and in those that must not be. */
const spellings = [
  ...[
    client,
    `${client}:4711`,
    `::ffff:${client}`,
    `[::ffff:${client}]:80`,
    '::ffff:c633:6407',
    `[::FFFF:${client}]`,
  ].map((hop) => told(`${hop} for ${client}`, { lines: [forwardedFor(hop)], fits: true })),
  ...[
    client6,
    `[${client6}]`,
    `[${client6}]:443`,
    '2001:DB8:1::7',
    '2001:0db8:0001::0007',
    '2001:db8:1:0:0:0:0:7',
    `${client6}%eth0`,
  ].map((hop) => told(`${hop} for ${client6}`, { issuedTo: client6, lines: [forwardedFor(hop)], fits: true })),
  ...[
    ...[
      '198.51.100.07',
      '0306.063.0144.07',
      '0xc6.0x33.0x64.0x7',
      '3325256711',
      '198.51.25607',
      '198.51.100',
      '198.51.100.7.',
      '.198.51.100.7',
    ],
    ...[
      '198.51.100.7/32',
      '198.51.100.7:port',
      '198.51.100.7:123456',
      '198.51.100.256',
      '198.51.100.-7',
      '+198.51.100.7',
      '198.51.100.7x',
    ],
    ...[
      '198.51.100.7 x',
      '"198.51.100.7"',
      '<198.51.100.7>',
      'for=198.51.100.7',
      'client',
      'unknown',
      '_hidden',
      'localhost',
      '::198.51.100.7',
    ],
    ...[
      '::ffff:198.51.100.07',
      '::ffff:0306.063.0144.07',
      '[198.51.100.7',
      '198.51.100.7]',
      '[]',
      '[]:80',
      ':80',
      '%',
      '%eth0',
      '-',
      '*',
      '\\',
    ],
    ...[
      '198.51.100.7%00',
      '198.51.100.7\u00a0',
      '\u0661\u0669\u0668',
      '1'.repeat(2000),
      ':'.repeat(500),
      '198.51.100.7;a',
      "'198.51.100.7'",
    ],
    ...[
      '1.2.3.4.5',
      '1.2.3',
      '0',
      '-1',
      'null',
      'undefined',
      'true',
      '{}',
      '2001:db8::1::7',
      '2001:db8:1',
      'g::1',
      '12345::',
    ],
  ].map((hop) =>
    told(`the hop ${JSON.stringify(hop).slice(0, 40)}`, { lines: [forwardedFor(latin1(hop))], fits: false }),
  ),
]

function latin1(text: string): string {
  return text.replace(/[^\t -~]/g, '?')
}

/** The client at the left end of so many trusted proxies; to its left, what it claims. */
const hops = Array.from({ length: 31 }, (_, count) => count).flatMap((count) => {
  const trusted = Array.from({ length: count }, (_, at) => proxies[at % proxies.length] ?? proxy)
  const chain = [client, ...trusted].join(', ')
  return [
    told(`${count} trusted hops`, { lines: [forwardedFor(chain)], fits: true }),
    told(`${count} trusted hops behind a claim`, { lines: [forwardedFor(`${spoofed}, ${chain}`)], fits: true }),
    told(`${count} trusted hops behind somebody else who claims to be the client`, {
      lines: [forwardedFor([client, spoofed, ...trusted].join(','))],
      fits: false,
    }),
  ]
})

/** What a chain may have in the place of a hop, with the client to its left: the chain ends there, and tells nothing. */
const gaps = [
  '',
  ' ',
  'unknown',
  '_secret',
  '10.0.0',
  '10.0.0.0/8',
  '[10.0.0.1',
  '10.0.0.1:x',
  '::ffff:10.0.0.01',
  '0x0a.0.0.1',
  '11.0.0.1',
  '9.255.255.255',
  '2001:db8:fe::1',
  '172.16.0.1',
  '0.0.0.0',
  '::',
  '::1',
].map((gap) =>
  told(`the chain with ${JSON.stringify(gap)} in it`, {
    lines: [forwardedFor(`${client}, ${gap}, 10.0.0.1`)],
    fits: false,
  }),
)

const several = [
  told('a chain in two lines', { lines: [forwardedFor(client), forwardedFor('10.0.0.1')], fits: true }),
  told('a chain in two lines, the claim in the first', {
    lines: [forwardedFor(spoofed), forwardedFor(client)],
    fits: true,
  }),
  told('a chain in two lines, the claim in the last', {
    lines: [forwardedFor(client), forwardedFor(spoofed)],
    fits: false,
  }),
  told('a chain in twenty lines', { lines: [client, ...Array(19).fill('10.0.0.1')].map(forwardedFor), fits: true }),
  told('a second line that is empty', { lines: [forwardedFor(client), 'X-Forwarded-For:'], fits: false }),
  told('an empty chain', { lines: ['X-Forwarded-For:'], fits: false }),
  told('a chain of proxies alone', { lines: [forwardedFor('10.0.0.1, 10.0.0.2')], fits: false }),
  told('a chain of commas', { lines: [forwardedFor(',,,')], fits: false }),
  told('no chain', { lines: [], fits: false }),
  told('a chain of 500 proxies', {
    lines: [forwardedFor(`${client},${Array(500).fill('10.0.0.1').join(',')}`)],
    fits: true,
  }),
  told('a chain with a comma behind it', { lines: [forwardedFor(`${client},`)], fits: false }),
  told('a chain with tabs', { lines: [forwardedFor(`${client}\t,\t10.0.0.1`)], fits: true }),
]

/** Headers that say the same, and are not asked. */
const otherHeaders = [
  ...[
    'X-Real-IP',
    'X-Client-IP',
    'True-Client-IP',
    'CF-Connecting-IP',
    'Fastly-Client-IP',
    'X-Cluster-Client-IP',
    'X-Forwarded',
  ],
  ...[
    'Forwarded-For',
    'X_Forwarded_For',
    'X-Forwarded_For',
    'X.Forwarded.For',
    'XForwardedFor',
    'X-Originating-IP',
    'X-Remote-IP',
  ],
  ...[
    'X-Remote-Addr',
    'Remote-Addr',
    'Via',
    'X-Original-Forwarded-For',
    'X-ProxyUser-Ip',
    'X-Envoy-External-Address',
    'Client-IP',
  ],
].flatMap((name) => [
  told(`${name} alone`, { lines: [`${name}: ${client}`], fits: false }),
  told(`${name} beside a chain`, { lines: [forwardedFor(client), `${name}: ${spoofed}`], fits: true }),
  told(`${name} beside a chain of somebody else`, {
    lines: [forwardedFor(spoofed), `${name}: ${client}`],
    fits: false,
  }),
])

const forwarded = [
  `for=${client}`,
  `for="${client}:80"`,
  `for="[${client6}]"`,
  `For=${client};proto=https`,
  `for=${client}, for=10.0.0.1`,
].flatMap((value) => [
  told(`Forwarded ${value} alone`, { lines: [`Forwarded: ${value}`], fits: false }),
  told(`Forwarded ${value} beside a chain of somebody else`, {
    lines: [forwardedFor(spoofed), `Forwarded: ${value}`],
    fits: false,
  }),
])

/** Connection must not take away what the proxy has said (Traefik CVE-2024-45410). */
const hopByHop = [
  'X-Forwarded-For',
  'x-forwarded-for',
  'X-FORWARDED-FOR',
  'X-Forwarded-For, close',
  'X-Real-IP',
].flatMap((named) => [
  told(`Connection names ${named}`, { lines: [forwardedFor(client), `Connection: ${named}`], fits: true }),
  told(`Connection names ${named}, of somebody else`, {
    lines: [forwardedFor(spoofed), `Connection: ${named}`],
    fits: false,
  }),
])

/** Not from a trusted proxy: the peer is the client, whatever it says. */
const untrusted = [
  client,
  stranger,
  proxy,
  '10.0.0.1',
  `${client}, 10.0.0.1`,
  '',
  'unknown',
  `${stranger}, 10.0.0.1`,
  `${proxy}, ${proxy}`,
].flatMap((chain) => [
  told(`the chain ${JSON.stringify(chain)} from a stranger with the ticket of somebody else`, {
    from: stranger,
    lines: [forwardedFor(chain)],
    fits: false,
  }),
  told(`the chain ${JSON.stringify(chain)} from a stranger with a ticket of its own`, {
    from: stranger,
    issuedTo: stranger,
    lines: [forwardedFor(chain)],
    fits: true,
  }),
  told(`the chain ${JSON.stringify(chain)} where no proxy is trusted, with the ticket of somebody else`, {
    setting: 'no_proxy',
    lines: [forwardedFor(chain)],
    fits: false,
  }),
  told(`the chain ${JSON.stringify(chain)} where no proxy is trusted, with a ticket of its own`, {
    setting: 'no_proxy',
    issuedTo: proxy,
    lines: [forwardedFor(chain)],
    fits: true,
  }),
])

/** Lines that push the proxy's own out of what the server looks at (ws CVE-2024-37890). */
const junk = [94, 100, 500, 985, 990, 993, 994, 995, 1000, 1100, 1400, 2100].flatMap((count) =>
  (['before', 'behind'] as const).map((place) => {
    const lines = Array.from({ length: count }, () => 'a:')
    const all = place === 'before' ? [...lines, forwardedFor(client)] : [forwardedFor(client), ...lines]
    return handshakeCase(`${count} lines ${place} the chain`, 'rejected', {
      setting: 'behind_proxy',
      issuedTo: client,
      lines: { more: all },
    })
  }),
)

const seed = 0x5eed0006

/** Chains of anything: the client's own address somewhere in them, but never where it counts. */
function drawChain(random: SeededRandom): string {
  const length = 1 + random.below(12)
  const left = Array.from({ length }, () => random.pick([client, spoofed, ...proxies, 'unknown', '', '1.2.3', client6]))
  const right = Array.from({ length: random.below(6) }, () => random.pick(proxies as unknown as [string, ...string[]]))
  return [...left, random.pick([spoofed, client6, 'unknown', '198.51.100.8', '198.51.1.7']), ...right].join(', ')
}

function drawnChains(): readonly HandshakeCase[] {
  const random = createSeededRandom(seed)
  return Array.from({ length: 60 }, (_, at) =>
    told(`drawn chain ${at}`, { lines: [forwardedFor(drawChain(random))], fits: false }),
  )
}

/** What is claimed about where a client is. */
export const forwardedChains: CorpusClass<HandshakeCase> = {
  name: 'forwarded-chains',
  contents:
    'X-Forwarded-For of 0 to 500 hops from trusted proxies and strangers, every spelling of an address, other headers that say the same, `Connection` that names them, 94 to 2,100 lines of junk',
  playedOn: 'adapters `node` and `ws`, gateway',
  good: ['admitted'],
  cases: [
    ...spellings,
    ...hops,
    ...gaps,
    ...several,
    ...otherHeaders,
    ...forwarded,
    ...hopByHop,
    ...untrusted,
    ...junk,
    ...drawnChains(),
  ],
}
