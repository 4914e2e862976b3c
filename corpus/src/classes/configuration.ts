/**
 * Class C15: how the gateway can be told something that cannot be. It refuses to start, with a line that names what was told.
 * @module
 */
import type { CorpusCase, CorpusClass } from '../corpus-class.ts'

/** Flags and variables, beside those that are required. */
export interface ConfigurationCase extends CorpusCase {
  readonly verdict: 'starts' | 'refused'
  /** Replace the required flags of the same name. */
  readonly flags: readonly string[]
  readonly environment: { readonly [variable: string]: string }
  /** What the one line of complaint begins with. */
  readonly blames?: string
}

/** The flags without which there is nothing to start. */
export const requiredFlags: readonly string[] = [
  '--upstream=ws://127.0.0.1:9000',
  '--issuer=https://id.example',
  '--token-audience=api',
  '--audience=chat',
  '--origin=https://app.example',
]

function refused(flag: string, ...values: readonly string[]): readonly ConfigurationCase[] {
  return values.map((value) => ({
    name: `--${flag} ${JSON.stringify(value.slice(0, 50))}`,
    verdict: 'refused',
    flags: [`--${flag}=${value}`],
    environment: {},
    blames: `--${flag}`,
  }))
}

function fromEnvironment(variable: string, ...values: readonly string[]): readonly ConfigurationCase[] {
  return values.map((value) => ({
    name: `${variable} ${JSON.stringify(value)}`,
    verdict: 'refused',
    flags: [],
    environment: { [variable]: value },
    blames: variable,
  }))
}

const networks = refused(
  'trusted-proxy',
  ...[
    '10.0.0.0/33',
    '10.0.0.0/-1',
    '10.0.0.0/',
    '10.0.0.0/8/8',
    '10.0.0/8',
    '10.0.0.0/8 ',
    '10.0.0.0/0',
    '::/0',
    '0.0.0.0/0',
    '010.0.0.1',
  ],
  ...[
    '2001:db8::/129',
    'localhost',
    '*',
    '',
    ' ',
    'any',
    '10.0.0.1-10.0.0.9',
    '10.0.0.0/255.0.0.0',
    '0x0a000001',
    '10.0.0.0/1e1',
  ],
)

const lifetimes = [
  ...refused(
    'ticket-lifetime-ms',
    '0',
    '-1',
    '1e9',
    '1000000000',
    'NaN',
    'Infinity',
    '',
    ' ',
    '30s',
    '30000.5',
    '0x10',
    '60001',
    '+1',
    '1_000',
    '٣',
  ),
  ...refused('maximum-ticket-lifetime-ms', '0', '-1', 'NaN', '1e9', '29999', '99999999999999999'),
  ...refused('session-lifetime-ms', '0', '-1', 'NaN', 'never', '1.5'),
]

const origins = refused(
  'origin',
  ...[
    '*',
    'https://*',
    'https://*.app.example',
    'null',
    '',
    'app.example',
    'https://app.example/',
    'https://app.example/x',
    'HTTPS://app.example',
  ],
  ...[
    'https://app.example:443',
    'wss://app.example',
    'https://user@app.example',
    'https://app.example?x',
    'https://app.example https://b.example',
  ],
)

const words = [
  ...refused('carrier', 'cookies', '', 'Query', 'all', '*', 'subprotocol query'),
  ...refused('non-browser-clients', 'yes', '', 'none', 'ANY_CARRIER'),
  ...refused('address-policy', 'none', '', 'Exact', 'true', 'false'),
  ...refused('address-prefix-ipv4', '0', '33', '-1', 'NaN', '24.5'),
  ...refused('address-prefix-ipv6', '0', '129', '/56'),
  ...refused('algorithm', 'none', 'None', 'HS256', 'HS512', 'dir', '', 'es256', 'ES256 '),
]

const addresses = [
  ...refused(
    'listen',
    '',
    '8080',
    ':8080',
    '127.0.0.1',
    '127.0.0.1:',
    '127.0.0.1:65536',
    '127.0.0.1:-1',
    '::1:80',
    'http://127.0.0.1:80',
    'a b:80',
  ),
  ...refused(
    'upstream',
    '',
    '127.0.0.1:9000',
    'http://127.0.0.1:9000',
    'file:///etc/passwd',
    'ws://a:b@127.0.0.1',
    'ws://127.0.0.1/?a',
    'ws://127.0.0.1/#a',
    'ws://',
  ),
  ...refused(
    'path',
    '',
    'ws',
    '/',
    '//',
    '//ws',
    '/ws?a',
    '/ws#a',
    '/w s',
    '/tickets',
    '/livez',
    '/readyz',
    '/../ws\n',
  ),
  ...refused('issuer', '', 'id.example', 'https://id.example?a', 'https://id.example#a', 'javascript:0'),
  ...refused('jwks-url', '', 'id.example', 'http://id.example/jwks', 'file:///jwks', 'data:,{}'),
  ...refused('store', '', 'redis', 'mysql://a', 'http://127.0.0.1', 'memory', 'redis://127.0.0.1?unknown=1'),
  ...refused('audience', '', 'my chat', '\u0000'),
]

function told(
  name: string,
  blames: string,
  flags: readonly string[],
  environment: { readonly [name: string]: string } = {},
): ConfigurationCase {
  return { name, verdict: 'refused', flags, environment, blames }
}

const unknown = [
  ...[
    '--orign=a',
    '--Origin=https://app.example',
    '--trust-proxy=10.0.0.1',
    '--no-origin',
    '--insecure',
    '--debug',
    '-o',
    '--origin-',
    '--__proto__=a',
    '--constructor=a',
    '--',
  ]
    .filter((flag) => flag !== '--')
    .map((flag) => told(`the flag ${flag}`, flag.split('=')[0] as string, [flag])),
  ...['WSTICKET_ORIGINS', 'WSTICKET_', 'WSTICKET_DEBUG', 'WSTICKET_TRUST_PROXY', 'WSTICKET_Origin'].map((variable) =>
    told(`the variable ${variable}`, variable, [], { [variable]: 'a' }),
  ),
  told('a word without a flag', '"surplus"', ['surplus']),
  ...['--path=/a', '--listen=[::1]:1', '--address-policy=off', '--ticket-lifetime-ms=1'].map((flag) =>
    told(`${flag} twice`, flag.split('=', 1)[0] as string, [flag, flag]),
  ),
  told('--upstream twice', '--upstream', ['--upstream=ws://127.0.0.1:1', '--upstream=ws://127.0.0.1:2']),
  told('--path without a value', '--path', ['--path']),
  told('--carrier before another flag', '--carrier', ['--carrier', '--path=/ws']),
]

const clashes = [
  ...fromEnvironment('WSTICKET_TICKET_LIFETIME_MS', '0', 'NaN', '60001', '-1'),
  ...fromEnvironment('WSTICKET_TRUSTED_PROXY', '10.0.0.0/8,', '10.0.0.0/8;::1', ' ', '10.0.0.0/33'),
  ...fromEnvironment('WSTICKET_ADDRESS_POLICY', 'none', 'off '),
  ...fromEnvironment('WSTICKET_LISTEN', '8080', 'tcp://10.0.0.1:80'),
  told(
    'a lifetime of the environment beyond a maximum by flag',
    'WSTICKET_TICKET_LIFETIME_MS',
    ['--maximum-ticket-lifetime-ms=1000'],
    { WSTICKET_TICKET_LIFETIME_MS: '2000' },
  ),
  told('a maximum of the environment below the lifetime', 'WSTICKET_MAXIMUM_TICKET_LIFETIME_MS', [], {
    WSTICKET_MAXIMUM_TICKET_LIFETIME_MS: '1000',
  }),
]

function starts(
  name: string,
  flags: readonly string[],
  environment: { readonly [name: string]: string } = {},
): ConfigurationCase {
  return { name, verdict: 'starts', flags, environment }
}

const good = [
  starts('what is required', []),
  starts('an empty variable', [], { WSTICKET_PATH: '' }),
  starts('a flag in place of a variable that cannot be', ['--path=/ws'], { WSTICKET_PATH: 'ws' }),
  starts('several origins', ['--origin=https://app.example', '--origin=http://localhost:3000']),
  starts('networks', ['--trusted-proxy=10.0.0.0/8', '--trusted-proxy=::1', '--trusted-proxy=2001:db8::/32']),
  starts('the longest ordinary lifetime', ['--ticket-lifetime-ms=60000']),
  starts('a longer one, said so', ['--ticket-lifetime-ms=90000', '--maximum-ticket-lifetime-ms=90000']),
  starts('lists in variables', [], {
    WSTICKET_CARRIER: 'query, authorization',
    WSTICKET_TRUSTED_PROXY: '10.0.0.0/8,::1',
  }),
  starts('an IPv6 address', ['--listen=[::1]:0']),
]

/** What the gateway can be told and cannot be. */
export const configuration: CorpusClass<ConfigurationCase> = {
  name: 'configuration',
  contents:
    'networks, lifetimes, origins, words, addresses and URLs that cannot be, unknown flags and variables, values given twice, clashes of flag and environment',
  playedOn: "the gateway's configuration",
  good: ['starts'],
  cases: [...networks, ...lifetimes, ...origins, ...words, ...addresses, ...unknown, ...clashes, ...good],
}
