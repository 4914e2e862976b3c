/**
 * `nats:`, and with TLS `tls:`, as NATS calls it.
 * @module
 */
import type { ConnectionOptions, NatsConnection } from '@nats-io/transport-node'
import { fromNats, natsOptions } from '../drivers/nats.ts'
import { ConfigurationError } from '../errors.ts'
import { directorySubjectsOf } from '../nats-directory-stream.ts'
import type { NatsDriver } from '../nats-driver.ts'
import { logStreamOf } from '../nats-log-stream.ts'
import type { Opener } from '../opener.ts'
import type { SessionDirectory } from '../session-directory.ts'
import type { SessionLog } from '../session-log.ts'
import { finishWithOwnClient, loadClient, openWithOwnClient } from '../store-client.ts'
import { credentialsOf, numberOptions, requireParameters, type StoreUrl, serversOf, textOptions } from '../store-url.ts'
import type { NatsStoreOptions } from '../stores/nats.ts'
import type { TicketStore } from '../ticket-store.ts'

const packages = ['@nats-io/transport-node', '@nats-io/jetstream']
const defaultPort = 4222
const pauseMs = 250
const streamNotFound = 10_059
// The suite has tickets that live for a day.
const trialRecordAgeMs = 172_800_000

/** Opens stores, session logs and session directories on NATS JetStream, with the clients of nats.js. */
export const natsOpener: Opener = {
  schemes: ['nats', 'tls'],
  read(url, trial) {
    requireParameters(url, 'bucket', 'replicas', 'replication', 'recordAgeMs', 'deadlineMs')
    const connectionOptions = readConnection(url)
    const options = readOptions(url, trial)

    async function openOn<Opened extends TicketStore | SessionLog | SessionDirectory>(
      create: (driver: NatsDriver) => Opened,
    ) {
      const { connect, jetstream } = await loadClients()
      const connecting = keepConnecting(() => connect(connectionOptions))
      const client = connecting.connection.then((connection) => jetstream(connection))
      return openWithOwnClient(connecting, () => create(fromNats(client)))
    }

    return {
      async open() {
        const { createNatsStore } = await import('../stores/nats.ts')
        return openOn((driver) => createNatsStore(driver, options))
      },
      async openLog() {
        const { createNatsSessionLog } = await import('../session-logs/nats.ts')
        return openOn((driver) => createNatsSessionLog(driver, options))
      },
      async openDirectory() {
        const { createNatsSessionDirectory } = await import('../session-directories/nats.ts')
        return openOn((driver) => createNatsSessionDirectory(driver, options))
      },
      async erase() {
        const { connect, jetstreamManager } = await loadClients()
        const connection = await connect(connectionOptions)
        const erase = async () => {
          const { streams } = await jetstreamManager(connection)
          const { stream: directory } = directorySubjectsOf(options.bucket)
          for (const stream of [`KV_${options.bucket}`, logStreamOf(options.bucket), directory])
            await streams.delete(stream).catch(ignoreNoStream)
        }
        await finishWithOwnClient({ end: () => connection.close() }, erase())
      },
    }
  },
}

function loadClients() {
  return loadClient('nats', packages, async () => {
    const { connect } = await import('@nats-io/transport-node')
    const { jetstream, jetstreamManager } = await import('@nats-io/jetstream')
    return { connect, jetstream, jetstreamManager }
  })
}

/** What was never asked anything has no stream. */
function ignoreNoStream(error: unknown): void {
  if ((error as { code?: unknown } | null)?.code !== streamNotFound) throw error
}

function readConnection(url: StoreUrl): ConnectionOptions {
  if (!/^\/?$/.test(url.path))
    throw new ConfigurationError('url', 'must end with its servers: nats://one:4222,two:4222')
  const servers = serversOf(url, defaultPort)
  const secured = url.scheme === 'tls'
  // For an address the client would take the certificate of localhost, and no other.
  if (secured && servers.some(({ host }) => isAddress(host)))
    throw new ConfigurationError(
      'url',
      'must give the servers by name, not by address: their certificates are for names',
    )
  const { username, password } = credentialsOf(url)
  return {
    ...natsOptions,
    servers: servers.map(({ host, port }) => `${host.includes(':') ? `[${host}]` : host}:${port}`),
    ...(secured ? { tls: {} } : {}),
    ...(password === null ? {} : { user: username ?? '', pass: password }),
    ...(username !== null && password === null ? { token: username } : {}),
  }
}

function isAddress(host: string): boolean {
  return /^[\d.]+$|:/.test(host)
}

function readOptions(url: StoreUrl, trial: string | null): NatsStoreOptions & { readonly bucket: string } {
  const { replicas, ...numbers } = numberOptions(url, 'replicas', 'recordAgeMs', 'deadlineMs')
  const { bucket = 'wsticket', replication } = textOptions(url, 'bucket', 'replication')
  return {
    bucket,
    ...numbers,
    // The store says what they may be.
    ...(replicas === undefined ? {} : { replicas: replicas as NonNullable<NatsStoreOptions['replicas']> }),
    ...(replication === undefined ? {} : { replication: replication as NonNullable<NatsStoreOptions['replication']> }),
    ...(trial === null ? {} : { bucket: `${bucket}-${trial}`, recordAgeMs: trialRecordAgeMs }),
  }
}

/** A connection that is being made. */
interface Connecting {
  /** Waits for as long as it takes; never settles after `end`. */
  readonly connection: Promise<NatsConnection>
  failure(): unknown
  end(): Promise<void>
}

/** Tries to connect until it succeeds. The client's own `waitOnFirstConnect` could not be told to stop. */
function keepConnecting(connect: () => Promise<NatsConnection>): Connecting {
  let current: NatsConnection | null = null
  let failure: unknown = null
  let timer: ReturnType<typeof setTimeout> | undefined
  let ended = false

  const connection = new Promise<NatsConnection>((resolve) => {
    async function attempt(): Promise<void> {
      try {
        current = await connect()
        failure = null
        if (ended) await current.close()
        else resolve(current)
      } catch (error) {
        failure = error
        if (!ended) timer = setTimeout(() => void attempt(), pauseMs)
      }
    }
    void attempt()
  })
  return {
    connection,
    failure: () => failure,
    async end() {
      ended = true
      clearTimeout(timer)
      await current?.close()
    },
  }
}
