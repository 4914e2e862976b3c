import { once } from 'node:events'
import { createServer as createHttpServer } from 'node:http'
import { type AddressInfo, connect, createServer } from 'node:net'
import { describe, expect, it, onTestFinished } from 'vitest'
import { nextMessage, openWebSocket, sendHandshake } from '../clients.ts'
import { origin } from '../gateway-under-test.ts'
import { startEcho, startRawUpstream, startUpstream } from '../upstreams.ts'
import { addressOf, run, start } from './program.ts'
import { askForTicket, startIssuer, startServing, ticketOf } from './serving.ts'

const good = [
  'serve',
  '--issuer=https://id.example',
  '--jwks-url=https://id.example/jwks.json',
  '--token-audience=api',
  '--audience=chat',
  '--origin=https://app.example',
  '--upstream=ws://127.0.0.1:9000',
]

describe('serve', () => {
  it('finds the keys of the issuer by itself, trades its token for a ticket, and lets the WebSocket through', async () => {
    const upstream = await startEcho()
    const gateway = await startServing({ upstream: upstream.url })
    const [{ request }, socket] = await Promise.all([
      upstream.connection(),
      openWebSocket(gateway, await gateway.ticket('bob')),
    ])
    socket.send('hello')
    expect(await nextMessage(socket)).toBe('hello')
    expect(request.headers['x-wsticket-subject']).toMatch(/#bob$/)
  })

  it('refuses the same ticket a second time', async () => {
    const gateway = await startServing()
    const ticket = await gateway.ticket()
    await openWebSocket(gateway, ticket)
    expect(await sendHandshake(gateway, ticket).all()).toMatch(/^HTTP\/1\.1 401 /)
  })

  it('can be set by the environment alone', async () => {
    const { issuer, token } = await startIssuer()
    const program = start(['serve'], {
      WSTICKET_LISTEN: '127.0.0.1:0',
      WSTICKET_ISSUER: issuer,
      WSTICKET_JWKS_URL: `${issuer}/jwks.json`,
      WSTICKET_TOKEN_AUDIENCE: 'wsticket-development',
      WSTICKET_AUDIENCE: 'chat',
      WSTICKET_ORIGIN: `https://other.example,${origin}`,
      WSTICKET_UPSTREAM: (await startEcho()).url,
      WSTICKET_PATH: '/socket',
    })
    const gateway = await addressOf(program)
    const socket = await openWebSocket(gateway, await ticketOf(await askForTicket(gateway.url, await token())), {
      path: '/socket',
    })
    socket.send('hello')
    expect(await nextMessage(socket)).toBe('hello')
  })

  it('says in one line where it listens, and what it does', async () => {
    const { program, url } = await startServing({ upstream: 'ws://127.0.0.1:9' })
    program.process.kill()
    const { lines } = await program.ended
    expect(lines).toEqual([
      `wsticket-gateway listens on ${url}; WebSockets at /ws go to ws://127.0.0.1:9/`,
      'It stops: WebSockets are closed, within 10000 ms. Another signal ends it at once.',
    ])
  })

  it('is healthy, and has nothing else to show', async () => {
    const { url } = await startServing()
    for (const path of ['/livez', '/readyz']) expect((await fetch(`${url}${path}`)).status).toBe(200)
    for (const path of ['/', '/ws', '/dev/token', '/dev/jwks.json', '/playground/main.js', '/tickets/x']) {
      const response = await fetch(`${url}${path}`)
      expect([path, response.status, response.headers.get('content-type')]).toEqual([
        path,
        404,
        'application/problem+json',
      ])
    }
  })

  it('upgrades nothing at another path', async () => {
    const gateway = await startServing()
    const ticket = await gateway.ticket()
    for (const target of ['/', '/ws/', '/tickets', '/WS', '/ws%2f']) {
      const answer = await sendHandshake(gateway, ticket, { target }).all()
      expect(answer).toMatch(/^HTTP\/1\.1 404 .*application\/problem\+json/s)
    }
    // No path of anybody's, and so no handshake.
    expect(await sendHandshake(gateway, ticket, { target: '//ws' }).all()).toMatch(/^HTTP\/1\.1 400 .*problem\+json/s)
    await openWebSocket(gateway, ticket)
  })

  it('survives whatever is sent to it', async () => {
    const gateway = await startServing()
    const targets = ['//', '*', 'http://[', 'http://127.0.0.1/ws', '/\\evil', '/ws#x', '/ws?%', '/%', '///']
    for (const target of targets) {
      expect(await sendHandshake(gateway, 'wst_x', { target }).all()).toMatch(/^HTTP\/1\.1 4\d\d /)
    }
    for (const lines of [['Transfer-Encoding: chunked'], ['Host: b.example'], ['Sec-WebSocket-Version: 8']]) {
      expect(await sendHandshake(gateway, 'wst_x', { lines }).all()).toMatch(/^HTTP\/1\.1 400 /)
    }
    const headers = Object.fromEntries(Array.from({ length: 150 }, (_, at) => [`x-${at}`, '1']))
    expect((await fetch(`${gateway.url}/tickets`, { method: 'POST', headers })).status).toBe(400)
    expect((await fetch(`${gateway.url}/readyz`, { headers: { 'x-long': 'a'.repeat(9000) } })).status).toBe(431)
    await openWebSocket(gateway, await gateway.ticket())
  })
})

describe('the log of serve', () => {
  it('is one line of JSON for each event, with nothing secret in it', async () => {
    const gateway = await startServing({ flags: ['--address-policy=off', '--carrier=query', '--carrier=subprotocol'] })
    const ticket = await gateway.ticket()
    await openWebSocket(gateway, ticket)
    await sendHandshake(gateway, 'app.v1', { target: `/ws?ticket=${ticket}` }).all()
    await fetch(`${gateway.url}/tickets`, {
      method: 'POST',
      headers: { authorization: 'Bearer eyJhbGciOiJFUzI1NiJ9.e30.AA' },
    })
    gateway.program.process.kill()
    const { stdout } = await gateway.program.ended
    const events = stdout
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line) as { level: string; type: string })
    expect(events.map(({ level, type }) => `${level} ${type}`)).toEqual([
      'warn dangerous_setting',
      'info ticket_issued',
      'info admitted',
      'info refused',
      'info issue_refused',
      'info session_ended',
    ])
    expect(stdout).not.toMatch(/ws[tk]_|eyJ|\?/)
  })

  it('may lose its reader: the gateway goes on', async () => {
    const gateway = await startServing()
    gateway.program.process.stdout?.destroy()
    for (let count = 0; count < 5; count += 1) await openWebSocket(gateway, await gateway.ticket())
  })
})

describe('the end of serve', () => {
  it.each(['SIGTERM', 'SIGINT'] as const)(
    'comes soon after %s, with exit code 0, whoever is connected',
    async (signal) => {
      const upstream = await startUpstream()
      const gateway = await startServing({ upstream: upstream.url })
      const [{ socket }, client] = await Promise.all([
        upstream.connection(),
        openWebSocket(gateway, await gateway.ticket()),
      ])
      const closed = Promise.all([once(socket, 'close'), once(client, 'close')])
      const startedAt = performance.now()
      gateway.program.process.kill(signal)
      expect(await gateway.program.ended).toMatchObject({ code: 0 })
      expect(performance.now() - startedAt).toBeLessThan(6000)
      await closed
    },
  )
})

describe('an upgrade that is under way when serve ends', () => {
  it('is not admitted, and does not keep the process', async () => {
    const gateway = await startServing()
    const ticket = await gateway.ticket()
    const socket = connect(gateway.port, '127.0.0.1')
    let received = ''
    socket.on('data', (chunk) => (received += String(chunk)))
    socket.on('error', () => {})
    socket.write(`GET /ws HTTP/1.1\r\nHost: 127.0.0.1:${gateway.port}\r\nOrigin: ${origin}\r\nUpgrade: websocket\r\n`)
    await once(socket, 'connect')
    gateway.program.process.kill()
    // It has ended when nothing can connect any more; the half handshake is still open then.
    while (await connects(gateway.port)) await new Promise((resolve) => setImmediate(resolve))
    socket.write(
      `Connection: Upgrade\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Protocol: wsticket.v1, ${ticket}\r\n\r\n`,
    )
    expect((await gateway.program.ended).code).toBe(0)
    expect(received.includes('101')).toBe(false)
  })
})

function connects(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1')
    socket.once('connect', () => resolve(true))
    socket.once('error', () => resolve(false))
    socket.once('connect', () => socket.destroy())
  })
}

describe('an issuer whose keys never come', () => {
  it('does not keep serve from ending on time', async () => {
    const issuer = await startRawUpstream((socket) => socket.resume())
    const keys = `--jwks-url=${issuer.url.replace('ws', 'http')}/jwks.json`
    const program = start([...good.filter((flag) => !flag.startsWith('--jwks-url')), keys, '--listen=127.0.0.1:0'])
    const { url } = await addressOf(program)
    const header = Buffer.from('{"alg":"ES256","typ":"at+jwt","kid":"1"}').toString('base64url')
    const headers = { authorization: `Bearer ${header}.e30.AA` }
    const answered = fetch(`${url}/tickets`, { method: 'POST', headers }).catch(() => null)
    await expect.poll(() => issuer.heads.length).toBe(1)
    const startedAt = performance.now()
    program.process.kill()
    expect(await program.ended).toMatchObject({ code: 0 })
    expect(performance.now() - startedAt).toBeLessThan(6000)
    await answered
  })
})

describe('bad settings', () => {
  it.each([
    ['--listen=nowhere', /^--listen must be /],
    ['--origin=*', /^--origin must be /],
    ['--trusted-proxy=everyone', /^--trusted-proxy must be /],
    ['--ticket-lifetime-ms=90000', /^--ticket-lifetime-ms must be /],
    ['--adress-policy=off', /^--adress-policy is not known: did you mean --address-policy\?$/],
  ])('%s ends it with exit code 2 and one line', async (flag, line) => {
    expect(await run([...good, flag])).toEqual({ code: 2, stdout: '', lines: [expect.stringMatching(line)] })
  })

  it('are reported all at once', async () => {
    const { code, lines } = await run(['serve', '--path=nowhere'], { WSTICKET_CARIER: 'query' })
    expect(code).toBe(2)
    const blamed = 'WSTICKET_CARIER --upstream --path --issuer --token-audience --audience --origin'
    expect(lines.map((line) => line.split(' ')[0]).join(' ')).toBe(blamed)
  })

  it('can be looked for without starting', async () => {
    expect(await run([...good, '--check'])).toEqual({ code: 0, stdout: '', lines: ['The settings are good.'] })
    expect(await run([...good, '--check', '--path=x'])).toMatchObject({ code: 2 })
  })

  it('are an issuer that does not answer, with exit code 1', async () => {
    const flags = good
      .filter((flag) => !flag.startsWith('--jwks-url'))
      .map((flag) => flag.replace(/https:\/\/id.*/, 'http://127.0.0.1:9'))
    const { code, lines } = await run([...flags, '--listen=127.0.0.1:0'])
    expect({ code, lines }).toEqual({
      code: 1,
      lines: [expect.stringMatching(/^--issuer does not say .* --jwks-url\.$/)],
    })
  })

  it('are an issuer that cannot be asked for its keys', async () => {
    const flags = good.filter((flag) => !flag.startsWith('--jwks-url') && !flag.startsWith('--issuer'))
    const { code, lines } = await run([...flags, '--issuer=http://id.example', '--check'])
    expect({ code, lines }).toEqual({ code: 2, lines: [expect.stringMatching(/^--issuer must be an https: URL/)] })
  })

  it('are an issuer that names keys where they must not be, with exit code 1 and one line', async () => {
    const server = createHttpServer((_, response) => {
      response.setHeader('Content-Type', 'application/json')
      response.end(JSON.stringify({ issuer, jwks_uri: 'http://id.example/jwks.json' }))
    }).listen(0, '127.0.0.1')
    onTestFinished(() => void server.close())
    await once(server, 'listening')
    const issuer = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
    const flags = good.filter((flag) => !flag.startsWith('--jwks-url') && !flag.startsWith('--issuer'))
    const { code, lines } = await run([...flags, `--issuer=${issuer}`, '--listen=127.0.0.1:0'])
    expect({ code, lines }).toEqual({ code: 1, lines: [expect.stringMatching(/ keys must be an https: URL/)] })
  })

  it('are an address that is taken, with exit code 1', async () => {
    const server = createServer().listen(0, '127.0.0.1')
    await once(server, 'listening')
    onTestFinished(() => void server.close())
    const { port } = server.address() as AddressInfo
    const { code, lines } = await run([...good, `--listen=127.0.0.1:${port}`])
    expect({ code, lines }).toEqual({ code: 1, lines: [`--listen 127.0.0.1:${port} is impossible here (EADDRINUSE)`] })
  })
})

describe('the other verbs', () => {
  it.each([[[]], [['help']], [['--help']], [['-h']]])('%j gives examples first', async (args) => {
    const { code, stdout } = await run(args)
    expect(code).toBe(0)
    expect(stdout.indexOf('wsticket-gateway serve')).toBeLessThan(stdout.indexOf('Verbs'))
  })

  it('serve --help lists every option', async () => {
    const { code, stdout } = await run(['serve', '--help'])
    expect(code).toBe(0)
    expect(stdout).toMatch(/--maximum-ticket-lifetime-ms <milliseconds>.*\[WSTICKET_MAXIMUM_TICKET_LIFETIME_MS\]/s)
  })

  it.each([['version'], ['--version']])('%s prints the version', async (verb) => {
    expect(await run([verb])).toMatchObject({ code: 0, stdout: expect.stringMatching(/^\d+\.\d+\.\d+\n$/) })
  })

  it('options prints the reference in Markdown', async () => {
    expect((await run(['options'])).stdout).toContain('| `--upstream` | `WSTICKET_UPSTREAM` | required |')
  })

  it('do not include what is misspelled', async () => {
    expect(await run(['sreve'])).toEqual({
      code: 2,
      stdout: '',
      lines: ['"sreve" is no verb of wsticket-gateway: did you mean serve?'],
    })
  })
})
