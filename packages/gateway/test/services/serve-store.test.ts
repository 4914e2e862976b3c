import { afterAll, beforeAll, beforeEach, describe, expect, it, onTestFinished } from 'vitest'
import { postgresLogSchema } from 'wsticket/session-logs/postgres'
import { postgresSchema } from 'wsticket/stores/postgres'
import { forgetHeldUp, heldUpMs } from 'wsticket-engines/held-up'
import { startNats } from 'wsticket-engines/nats'
import { startPostgres, unsynced } from 'wsticket-engines/postgres'
import { startRedis } from 'wsticket-engines/redis'
import { nextMessage, openWebSocket, sendHandshake } from '../clients.ts'
import { startUpstream } from '../upstreams.ts'
import { type Ended, run } from './program.ts'
import { type Served, startIssuer, startServing } from './serving.ts'

beforeEach(forgetHeldUp)

/** An engine that can be killed, and comes back on the same port. */
interface Engine {
  readonly url: string
  kill(): Promise<void>
  start(): Promise<void>
  dispose(): Promise<void>
}

const engines: readonly (readonly [name: string, start: () => Promise<Engine>])[] = [
  [
    'redis',
    async () => {
      const redis = await startRedis()
      return { ...redis, url: redis.url, kill: () => redis.stop('SIGKILL'), start: () => redis.restart() }
    },
  ],
  [
    'postgres',
    async () => {
      const postgres = await startPostgres(unsynced)
      return { ...postgres, kill: () => postgres.kill9(), start: () => postgres.start() }
    },
  ],
  [
    'nats',
    async () => {
      const nats = await startNats()
      return { ...nats, kill: () => nats.stop('SIGKILL'), start: () => nats.restart() }
    },
  ],
]

/** Gateways that share an engine and an identity provider. */
async function startGateways(store: string): Promise<readonly [Served, Served]> {
  const issuer = await startIssuer()
  const settings = { issuer, environment: { WSTICKET_STORE: store } }
  return Promise.all([startServing(settings), startServing(settings)])
}

/** The status of a handshake. */
async function handshakeStatus(gateway: Served, ticket: string): Promise<number> {
  return Number((await sendHandshake(gateway, ticket).head()).split(' ')[1])
}

async function readiness({ url }: Served): Promise<number> {
  return (await fetch(`${url}/readyz`)).status
}

describe.each(engines)('two gateways on one %s', (_, startEngine) => {
  let engine: Engine
  beforeAll(async () => {
    engine = await startEngine()
  })
  afterAll(() => engine.dispose())

  it('know the tickets of each other, and let one in of many that bring the same ticket to both at once', async () => {
    const [first, second] = await startGateways(engine.url)
    const ticket = await first.ticket()
    const socket = await openWebSocket(second, ticket)
    socket.send('hello')
    expect(await nextMessage(socket)).toBe('hello')
    expect(await Promise.all([first, second].map((gateway) => handshakeStatus(gateway, ticket)))).toEqual([401, 401])
    for (let round = 0; round < 5; round += 1) {
      const contested = await second.ticket()
      const gateways = Array.from({ length: 16 }, (__, at) => (at % 2 === 0 ? first : second))
      const statuses = await Promise.all(gateways.map((gateway) => handshakeStatus(gateway, contested)))
      expect(statuses.sort((one, other) => one - other)).toEqual([101, ...Array.from({ length: 15 }, () => 401)])
    }
  })

  it('say 503 at once while it is away, and are back within five seconds of its return', async () => {
    const [first, second] = await startGateways(engine.url)
    const ticket = await first.ticket()
    expect(await readiness(first)).toBe(200)
    await engine.kill()
    const killedAt = performance.now()
    await expect.poll(() => readiness(first)).toBe(503)
    expect(performance.now() - killedAt).toBeLessThan(5000 + heldUpMs())
    const many = Array.from({ length: 8 }, () => handshakeStatus(second, ticket))
    expect(new Set(await Promise.all(many))).toEqual(new Set([503]))
    // By now it is known to be away, and not waited for.
    const times: number[] = []
    for (let asked = 0; asked < 5; asked += 1) {
      const startedAt = performance.now()
      expect(await handshakeStatus(second, ticket)).toBe(503)
      times.push(performance.now() - startedAt)
    }
    expect(Math.min(...times)).toBeLessThan(300)
    expect((await first.ask()).status).toBe(503)
    await engine.start()
    const backAt = performance.now()
    await expect.poll(() => readiness(second)).toBe(200)
    await expect.poll(async () => (await first.ask()).status).toBe(201)
    await openWebSocket(second, await first.ticket())
    expect(performance.now() - backAt).toBeLessThan(5000 + heldUpMs())
  })

  it('can be started before it, and say so', async () => {
    await engine.kill()
    const gateway = await startServing({ environment: { WSTICKET_STORE: engine.url } })
    expect(await gateway.program.said(/The store .*/)).toMatch(
      /^The store cannot be used now \(.*ECONNREFUSED.*\)\. Until it can, tickets are refused with 503\.$/,
    )
    expect(await readiness(gateway)).toBe(503)
    expect((await fetch(`${gateway.url}/livez`)).status).toBe(200)
    await engine.start()
    await expect.poll(() => readiness(gateway)).toBe(200)
    await openWebSocket(gateway, await gateway.ticket())
  })
})

describe('serve, with a store by URL', () => {
  it('says in one line where tickets are kept and what holds there, and ends in good order', async () => {
    const redis = await startRedis({ arguments: ['--requirepass', 'open-sesame'] })
    onTestFinished(() => redis.dispose())
    const store = `${redis.url.replace('//', '//:open-sesame@')}/2?prefix=gateway%3A`
    const upstream = await startUpstream()
    const { program, url } = await startServing({ upstream: upstream.url, environment: { WSTICKET_STORE: store } })
    program.process.kill()
    const { code, lines } = await program.ended
    expect({ code, lines }).toEqual({
      code: 0,
      lines: [
        expect.stringMatching(
          /^Tickets are kept in redis \d+\.\d+\.\d+, standalone: A ticket is redeemed at most once, .*\.$/,
        ),
        `wsticket-gateway listens on ${url}; WebSockets at /ws go to ${upstream.url}/`,
        expect.stringMatching(/^It stops: /),
      ],
    })
  })

  it('says what weakens it', async () => {
    const redis = await startRedis()
    onTestFinished(() => redis.dispose())
    const { program } = await startServing({ flags: ['--store', `${redis.url}?epochFence=none_may_admit_twice`] })
    expect(await program.said(/Weakened: .*/)).toMatch(/may admit a ticket twice\.$/)
  })
})

describe('serve, with a log that cannot be read', () => {
  it('says what to do, and lets nobody in', async () => {
    const postgres = await startPostgres(unsynced)
    onTestFinished(() => postgres.dispose())
    // Somebody else made the table of tickets, and the role may make none.
    await postgres.query(`${postgresSchema()}; CREATE ROLE guest LOGIN; GRANT ALL ON wsticket_tickets TO guest;
      REVOKE CREATE ON SCHEMA public FROM PUBLIC`)
    const gateway = await startServing({ flags: ['--store', postgres.url.replace('postgres@', 'guest@')] })
    expect(await gateway.program.said(/The log of sessions .*503\./s)).toBe(
      `The log of sessions cannot be read now (postgres is of no use: table is not there, and this role cannot create it; let its owner run: ${postgresLogSchema()}). Until it can, handshakes are refused with 503.`,
    )
    expect(await handshakeStatus(gateway, await gateway.ticket())).toBe(503)
    await postgres.query(`${postgresLogSchema()}; GRANT SELECT, INSERT, DELETE ON wsticket_tickets_log TO guest`)
    const handshake = async () => handshakeStatus(gateway, await gateway.ticket())
    // Not so often that no more tickets are issued.
    await expect.poll(handshake, { interval: 500 }).toBe(101)
  })
})

describe('a store of no use', () => {
  const settings = [
    'serve',
    '--issuer=https://id.example',
    '--jwks-url=https://id.example/jwks.json',
    '--token-audience=api',
    '--audience=chat',
    '--origin=https://app.example',
    '--upstream=ws://127.0.0.1:9',
    '--listen=127.0.0.1:0',
  ]
  const serveWith = (store: string): Promise<Ended> => run(settings, { WSTICKET_STORE: store })

  it('is an engine that drops tickets: serve ends with exit code 1 and one line', async () => {
    const redis = await startRedis({ arguments: ['--maxmemory', '100mb', '--maxmemory-policy', 'allkeys-lru'] })
    onTestFinished(() => redis.dispose())
    expect(await serveWith(redis.url)).toEqual({
      code: 1,
      stdout: '',
      lines: [expect.stringMatching(/^--store cannot be used: maxmemory-policy must be noeviction, /)],
    })
  })

  it('is one whose options are none: exit code 1 and one line', async () => {
    const { code, lines } = await serveWith('postgres://127.0.0.1/app?table=a%3Bb')
    expect({ code, lines }).toEqual({
      code: 1,
      lines: [expect.stringMatching(/^--store cannot be used: table must be a name /)],
    })
  })

  it.runIf(Number(process.versions.node.split('.')[0]) < 22)('is SQLite before Node 22.13, which says so', async () => {
    const { code, lines } = await serveWith('sqlite:/tmp/never-made.db')
    expect({ code, lines }).toEqual({
      code: 1,
      lines: [expect.stringMatching(/^--store cannot be used: sqlite needs Node 22\.13 or later/)],
    })
  })

  it('is a URL that cannot be: exit code 2 and one line, with nothing of it', async () => {
    const { code, lines } = await serveWith('redis://:hush@a@b')
    expect({ code, lines }).toEqual({
      code: 2,
      lines: [expect.stringMatching(/^WSTICKET_STORE is unclear: in a user name and a password, @/)],
    })
    expect(lines.join()).not.toContain('hush')
  })

  it('is not told with its password, where the password is wrong', async () => {
    const redis = await startRedis({ arguments: ['--requirepass', 'open-sesame'] })
    onTestFinished(() => redis.dispose())
    const { program } = await startServing({ flags: ['--store', redis.url.replace('//', '//:hush-hush@')] })
    expect(await program.said(/The store .*/)).toMatch(/the connection fails with WRONGPASS\)/)
    program.process.kill()
    const { stdout, lines } = await program.ended
    expect(stdout + lines.join()).not.toContain('hush')
  })

  it('may be written where no option is: even then its password is not told', async () => {
    const { code, lines } = await run([...settings, 'redis://:hush@127.0.0.1'])
    expect({ code, lines }).toEqual({ code: 2, lines: ['"redis:" is not expected here'] })
  })
})
