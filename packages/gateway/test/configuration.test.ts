import { describe, expect, it } from 'vitest'
import type { Configuration } from '../src/config/configuration.ts'
import { options, variableOf } from '../src/config/options.ts'
import { readConfiguration } from '../src/config/read-configuration.ts'
import { optionsHelp, optionsMarkdown } from '../src/config/reference.ts'

const required = {
  issuer: '--issuer=https://id.example',
  'token-audience': '--token-audience=https://api.example',
  audience: '--audience=chat',
  origin: '--origin=https://app.example',
  upstream: '--upstream=ws://127.0.0.1:9000',
}

function read(flags: readonly string[], environment: Record<string, string> = {}): Configuration {
  const outcome = readConfiguration([...Object.values(required), ...flags], environment)
  if ('problems' in outcome) throw new Error(outcome.problems.join('\n'))
  return outcome.configuration
}

function problems(flags: readonly string[], environment: Record<string, string> = {}): readonly string[] {
  const outcome = readConfiguration([...Object.values(required), ...flags], environment)
  return 'problems' in outcome ? outcome.problems : []
}

describe('the configuration', () => {
  it('needs five options, and has a default for every other', () => {
    expect(read([])).toEqual({
      listen: { host: '127.0.0.1', port: 8080 },
      issuer: 'https://id.example',
      tokenAudience: 'https://api.example',
      jwksUrl: null,
      algorithms: ['ES256', 'RS256'],
      tokenType: 'at+jwt',
      audience: 'chat',
      store: 'memory:',
      upstream: new URL('ws://127.0.0.1:9000'),
      path: '/ws',
      origins: ['https://app.example'],
      carriers: ['subprotocol', 'authorization'],
      nonBrowserClients: 'authorization_carrier',
      trustedProxies: [],
      addressPolicy: 'prefix',
      addressPrefixIpv4: 24,
      addressPrefixIpv6: 56,
      ticketLifetimeMs: 30_000,
      maximumTicketLifetimeMs: 60_000,
      lockPolicy: 'optional',
      sessionLifetimeMs: null,
      maximumSessionAgeMs: null,
      sessionGraceMs: 0,
      silenceMs: null,
      sessionsPerSubject: 100,
      sessionDirectory: 'off',
      nodeName: null,
      sessionsInAll: 'unlimited',
      sessionOverflow: 'refuse_new',
      reusePolicy: 'report',
      drainWindowMs: 5000,
      drainDeadlineMs: 10_000,
      eventStreams: 'off',
      ticketsPerSubject: 5,
      ticketRatePerSubject: { perSecond: 10, burst: 50 },
      changeRatePerSubject: { perSecond: 1, burst: 100 },
      ticketRatePerAddress: { perSecond: 100, burst: 1000 },
      ticketRate: { perSecond: 5000, burst: 10_000 },
      handshakeRatePerAddress: { perSecond: 100, burst: 1000 },
      pendingHandshakes: 10_000,
      pendingHandshakesPerAddress: 1000,
      handshakeRate: { perSecond: 5000, burst: 10_000 },
    })
  })

  it('takes the flag before the variable, and the variable before the default', () => {
    const environment = { WSTICKET_PATH: '/from-environment', WSTICKET_ADDRESS_POLICY: 'exact' }
    const { path, addressPolicy, tokenType } = read(['--path', '/from-flag'], environment)
    expect([path, addressPolicy, tokenType]).toEqual(['/from-flag', 'exact', 'at+jwt'])
  })

  it('takes lists from repeated flags, and from variables with commas', () => {
    const environment = { WSTICKET_TRUSTED_PROXY: '10.0.0.0/8, ::1', WSTICKET_ALGORITHM: 'RS256' }
    const { carriers, trustedProxies, algorithms } = read(['--carrier=query', '--carrier=authorization'], environment)
    expect(carriers).toEqual(['query', 'authorization'])
    expect(trustedProxies).toEqual(['10.0.0.0/8', '::1'])
    expect(algorithms).toEqual(['RS256'])
  })

  it('does not mix the list of a flag with that of its variable', () => {
    expect(read(['--carrier=query'], { WSTICKET_CARRIER: 'authorization' }).carriers).toEqual(['query'])
  })

  it('takes an empty variable for one that is not set', () => {
    expect(read([], { WSTICKET_PATH: '' }).path).toBe('/ws')
  })

  it.each([
    ['127.0.0.1:0', { host: '127.0.0.1', port: 0 }],
    ['[::1]:65535', { host: '::1', port: 65_535 }],
    ['gateway.internal:80', { host: 'gateway.internal', port: 80 }],
  ])('can listen on %s', (text, listen) => {
    expect(read([`--listen=${text}`]).listen).toEqual(listen)
  })

  it('leaves variables alone that are not its own', () => {
    expect(problems([], { PATH: '/bin', PORT: '8080', WS_TICKET: 'x' })).toEqual([])
  })
})

describe('what is missing', () => {
  it.each(['issuer', 'token-audience', 'audience', 'upstream', 'origin'] as const)('--%s is named', (flag) => {
    const others = Object.entries(required).filter(([name]) => name !== flag)
    const outcome = readConfiguration(
      others.map(([, given]) => given),
      {},
    )
    const missing = new RegExp(`^--${flag} \\(or ${variableOf(flag)}\\) is missing[.:] `)
    expect(outcome).toEqual({ problems: [expect.stringMatching(missing)] })
  })

  it('is reported all at once', () => {
    expect(readConfiguration([], {})).toMatchObject({ problems: { length: 5 } })
  })

  it('is not an origin where only programs may come', () => {
    const flags = Object.values(required).filter((flag) => !flag.startsWith('--origin'))
    expect(readConfiguration([...flags, '--carrier=authorization'], {})).toHaveProperty('configuration')
  })
})

describe('what is impossible', () => {
  it.each([
    ['listen', '8080', /an address and a port/],
    ['listen', '127.0.0.1:65536', /an address and a port/],
    ['listen', 'http://127.0.0.1:80', /an address and a port/],
    ['path', 'ws', /a path such as/],
    ['path', '/ws?x=1', /a path such as/],
    ['path', '/tickets', /taken by the gateway/],
    ['path', '/sessions/ws', /taken by the gateway/],
    ['path', '/livez', /taken by the gateway/],
    ['trusted-proxy', '10.0.0.0/33', /addresses or networks/],
    ['trusted-proxy', 'proxy.internal', /addresses or networks/],
    ['jwks-url', 'id.example', /must be a URL/],
    ['jwks-url', 'http://id.example/jwks.json', /https:/],
    ['algorithm', 'HS256', /asymmetric/],
    ['algorithm', 'none', /asymmetric/],
    ['token-type', 'a b', /without spaces/],
    ['ticket-lifetime-ms', '0', /whole number of milliseconds, 1 or more/],
    ['ticket-lifetime-ms', '30s', /whole number of milliseconds, 1 or more/],
    ['ticket-lifetime-ms', '1e3', /whole number of milliseconds, 1 or more/],
    ['ticket-lifetime-ms', '60001', /at most 60000 milliseconds/],
    ['maximum-ticket-lifetime-ms', '29999', /at most 29999 milliseconds/],
    ['session-lifetime-ms', '-1', /whole number of milliseconds, 1 or more/],
    ['session-grace-ms', '-1', /whole number of milliseconds, 0 or more/],
    ['event-streams', 'yes', /one of on, off/],
    ['session-directory', 'yes', /one of on, off/],
    ['node-name', 'a.b', /48 letters/],
    ['sessions-per-subject', '0', /whole number of sessions, from 1 to 1000000/],
    ['session-overflow', 'drop', /one of refuse_new, end_oldest/],
    ['reuse-policy', 'off', /one of report, end_session/],
    ['drain-window-ms', '10001', /before its deadline/],
    ['drain-deadline-ms', '4999', /before its deadline/],
    ['drain-deadline-ms', '2147483648', /whole number of milliseconds, from 1 to 2147483647/],
    ['origin', '*', /exact origins/],
    ['origin', 'https://app.example/', /exact origins/],
    ['origin', 'https://App.example', /exact origins/],
    ['origin', 'app.example', /exact origins/],
    ['carrier', 'cookies', /one of subprotocol, authorization, query, cookie/],
    ['non-browser-clients', 'yes', /one of authorization_carrier, any_carrier/],
    ['lock-policy', 'off', /one of optional, required/],
    ['address-policy', 'strict', /one of exact, prefix, report, off/],
    ['address-prefix-ipv4', '33', /whole number of bits, from 1 to 32/],
    ['address-prefix-ipv6', '0', /whole number of bits, from 1 to 128/],
  ])('--%s %s is refused in one line', (flag, value, line) => {
    const found = problems([`--${flag}=${value}`])
    expect(found).toEqual([expect.stringMatching(line)])
    expect(found[0]).toMatch(/^--[a-z0-9-]+ [^\n]+$/)
  })

  it.each([
    ['upstream', 'http://127.0.0.1:9000', /ws: or wss:/],
    ['upstream', 'ws://user:pass@127.0.0.1:9000', /without user/],
    ['upstream', 'ws://user@127.0.0.1:9000', /without user/],
    ['upstream', 'ws://:pass@127.0.0.1:9000', /without user/],
    ['upstream', 'ws://127.0.0.1:9000/?a=b', /query/],
    ['upstream', '127.0.0.1:9000', /ws: or wss:/],
    ['issuer', 'id.example', /URL/],
    ['issuer', 'https://id.example/?tenant=1', /without query/],
    ['issuer', 'https://id.example/#a', /URL/],
    ['audience', 'my chat', /without spaces/],
    ['token-audience', '', /without spaces/],
  ] as const)('--%s %s is refused, though it is required', (flag, value, line) => {
    const flags = Object.values({ ...required, [flag]: `--${flag}=${value}` })
    expect(readConfiguration(flags, {})).toEqual({ problems: [expect.stringMatching(line)] })
  })

  it('is to have event streams on, and no carrier that they have', () => {
    const line = 'cannot be on without the carrier query, cookie or authorization'
    for (const on of [['--event-streams=on'], ['--event-streams=on', '--carrier=message']])
      expect(problems([...on, '--carrier=subprotocol'])).toEqual([`--event-streams ${line}`])
    for (const carrier of ['query', 'cookie', 'authorization'])
      expect(problems(['--event-streams=on', '--carrier=subprotocol', `--carrier=${carrier}`])).toEqual([])
    expect(problems(['--event-streams=on'])).toEqual([])
  })

  it('is to let clients without an Origin in where a cookie carries tickets', () => {
    const line = 'cannot be any_carrier with the carrier cookie, which needs an Origin'
    const flag = '--non-browser-clients'
    expect(problems(['--carrier=cookie', `${flag}=any_carrier`])).toEqual([`${flag} ${line}`])
    const variable = 'WSTICKET_NON_BROWSER_CLIENTS'
    expect(problems(['--carrier=cookie'], { [variable]: 'any_carrier' })).toEqual([`${variable} ${line}`])
    expect(problems(['--carrier=cookie'])).toEqual([])
  })

  it('is blamed on the variable where it came from one', () => {
    expect(problems([], { WSTICKET_LISTEN: 'nowhere' })).toEqual([expect.stringMatching(/^WSTICKET_LISTEN must be /)])
  })

  it('is reported all at once', () => {
    expect(problems(['--listen=x', '--path=x', '--carrier=x', '--carrier=y'])).toHaveLength(4)
  })

  it('never has its password repeated', () => {
    const flags = Object.values({ ...required, upstream: '--upstream=ws://user:hunter2@127.0.0.1:9000' })
    expect(JSON.stringify(readConfiguration(flags, {}))).not.toContain('hunter2')
  })
})

describe('what is misspelled', () => {
  it.each([
    ['--orign=https://b.example', '--orign is not known: did you mean --origin?'],
    ['--trusted-proxies=::1', '--trusted-proxies is not known: did you mean --trusted-proxy?'],
    ['--chek', '--chek is not known: did you mean --check?'],
    ['--zzzzzzzzzzzz', '--zzzzzzzzzzzz is not known'],
    ['-x', '-x is not known'],
    ['surplus', '"surplus" is not expected here'],
  ])('%s is refused, with what was probably meant', (flag, line) => {
    expect(problems([flag])).toEqual([line])
  })

  it('counts with its value as one mistake', () => {
    expect(problems(['--orign', 'https://b.example'])).toEqual(['--orign is not known: did you mean --origin?'])
  })

  it('is not what Kubernetes tells of a Service of that name', () => {
    const links = {
      WSTICKET_GATEWAY_SERVICE_HOST: '10.0.0.1',
      WSTICKET_GATEWAY_SERVICE_PORT: '80',
      WSTICKET_GATEWAY_SERVICE_PORT_HTTP: '80',
      WSTICKET_GATEWAY_PORT: 'tcp://10.0.0.1:80',
      WSTICKET_GATEWAY_PORT_80_TCP_ADDR: '10.0.0.1',
    }
    expect(problems([], links)).toEqual([])
  })

  it('is refused in the environment as well', () => {
    expect(problems([], { WSTICKET_ORIGINS: 'https://b.example' })).toEqual([
      'WSTICKET_ORIGINS is not known: did you mean WSTICKET_ORIGIN?',
    ])
  })

  it.each([
    [['--path'], '--path needs a value'],
    [['--path', '--carrier=query'], '--path needs a value'],
    [['--path', '/a', '--path', '/b'], '--path is given twice'],
  ])('%j is refused', (flags, line) => {
    expect(problems(flags)).toEqual([line])
  })
})

describe('the reference', () => {
  const flags = Object.values(options).map(({ flag }) => flag)

  it.each(flags)('names --%s with its variable, in the help and in the documentation', (flag) => {
    for (const text of [optionsHelp(), optionsMarkdown()]) {
      expect(text).toMatch(new RegExp(`--${flag}\\b`))
      expect(text).toMatch(new RegExp(`\\b${variableOf(flag)}\\b`))
    }
  })

  it('fits a terminal', () => {
    expect(
      Math.max(
        ...optionsHelp()
          .split('\n')
          .map((line) => line.length),
      ),
    ).toBeLessThanOrEqual(100)
  })

  it('has no two options of one name', () => {
    expect(new Set(flags).size).toBe(flags.length)
  })
})
