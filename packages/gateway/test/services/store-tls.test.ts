import { execFileSync } from 'node:child_process'
import { chmodSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { startNats } from 'wsticket-engines/nats'
import { startPostgres } from 'wsticket-engines/postgres'
import { temporaryFolder } from 'wsticket-engines/process'
import { launchOnFreePort, startRedis } from 'wsticket-engines/redis'
import { run } from './program.ts'
import { startServing } from './serving.ts'

interface Certificate {
  readonly certificate: string
  readonly key: string
}

/** A server, and its URL by the name in its certificate. */
interface SecuredEngine {
  readonly url: string
  dispose(): Promise<void>
}

const folder = temporaryFolder('tls')

/** A certificate for localhost, which nobody vouches for but itself. */
function createCertificate(): Certificate {
  const [certificate, key] = [join(folder.path, 'certificate.pem'), join(folder.path, 'key.pem')]
  const kind = ['-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-days', '2']
  const name = ['-subj', '/CN=localhost', '-addext', 'subjectAltName=DNS:localhost']
  execFileSync('openssl', ['req', ...kind, ...name, '-keyout', key, '-out', certificate], { stdio: 'ignore' })
  // PostgreSQL takes a key that only its own user can read.
  chmodSync(key, 0o600)
  if (process.getuid?.() === 0) execFileSync('chown', ['postgres', key])
  return { certificate, key }
}

async function securedRedis({ certificate, key }: Certificate): Promise<SecuredEngine> {
  const files = ['--tls-cert-file', certificate, '--tls-key-file', key, '--tls-ca-cert-file', certificate]
  const { port, server } = await launchOnFreePort((tlsPort) =>
    startRedis({ arguments: ['--tls-port', String(tlsPort), ...files, '--tls-auth-clients', 'no'] }),
  )
  return { ...server, url: `rediss://localhost:${port}` }
}

async function securedPostgres({ certificate, key }: Certificate): Promise<SecuredEngine> {
  const settings = { ssl: 'on', ssl_cert_file: certificate, ssl_key_file: key }
  const postgres = await startPostgres({ settings })
  return { ...postgres, url: `${postgres.url.replace('127.0.0.1', 'localhost')}?sslmode=verify-full` }
}

async function securedNats({ certificate, key }: Certificate): Promise<SecuredEngine> {
  const nats = await startNats({ configuration: `tls { cert_file: "${certificate}", key_file: "${key}" }` })
  return { ...nats, url: nats.url.replace('nats://127.0.0.1', 'tls://localhost') }
}

let files: Certificate
beforeAll(() => {
  files = createCertificate()
})
afterAll(folder.remove)

/** What `serve` says of its store. On a busy machine, that it has not answered in time: then another one is asked. */
async function verdictOn(store: string, environment: Record<string, string> = {}): Promise<string> {
  const { program } = await startServing({ environment: { ...environment, WSTICKET_STORE: store } })
  return program.said(/(?:Tickets are kept|The store cannot) .*/)
}

describe.each([
  ['redis', securedRedis],
  ['postgres', securedPostgres],
  ['nats', securedNats],
] as const)('%s over TLS', (name, start) => {
  let engine: SecuredEngine
  beforeAll(async () => {
    engine = await start(files)
  })
  afterAll(() => engine.dispose())

  it('keeps tickets, where its certificate is trusted', async () => {
    const verdict = () => verdictOn(engine.url, { NODE_EXTRA_CA_CERTS: files.certificate })
    await expect.poll(verdict).toMatch(new RegExp(`^Tickets are kept in ${name} \\d`))
  })

  it('is not used, where nobody vouches for its certificate', async () => {
    await expect.poll(() => verdictOn(engine.url)).toMatch(/^The store cannot be used now \(.*SELF_SIGNED_CERT.*\)/)
  })

  it('is not used by another name than that of its certificate', async () => {
    const store = engine.url.replace('localhost', '127.0.0.1')
    const environment = { NODE_EXTRA_CA_CERTS: files.certificate }
    // The client of NATS would not see the difference.
    if (name === 'nats')
      expect(await run(['store', 'check', store], environment)).toMatchObject({
        code: 2,
        lines: [expect.stringMatching(/must give the servers by name/)],
      })
    else await expect.poll(() => verdictOn(store, environment)).toMatch(/ALTNAME_INVALID/)
  })
})
