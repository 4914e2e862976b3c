/**
 * A small database behind a wire: commands are atomic, answers take a turn of the event loop, and the wire can be cut. With
 * it a store exists on which every case of the suite can be run, and can be broken on purpose.
 * @module
 */
import type { EpochMs } from '../../src/clock.ts'
import { ConfigurationError, StoreError } from '../../src/errors.ts'
import { createMovableClock } from '../../src/testing/movable-clock.ts'
import type { StoreHarness } from '../../src/testing/store-harness.ts'
import type { TicketRecord } from '../../src/ticket.ts'
import type { TicketStore } from '../../src/ticket-store.ts'

export interface Row {
  readonly namespace: string
  readonly record: string
  readonly expiresAt: EpochMs
  state: 'pending' | 'redeemed' | 'revoked'
}

export type Rows = Map<string, Row>

/** A connection. */
export interface Client {
  /** Runs a command in one step. Rejects where the wire is cut, before the command or before its answer. */
  run<Answer>(command: (rows: Rows) => Answer): Promise<Answer>
  close(): void
}

export interface EngineStoreOptions {
  readonly client: Client
  readonly namespace: string
  readonly maxRecords: number
}

export function keyOf(namespace: string, id: string): string {
  return `${namespace}/${id}`
}

export function parseRecord(row: Row): TicketRecord {
  return JSON.parse(row.record) as TicketRecord
}

/** The store as it should be. */
function createEngineStore({ client, namespace, maxRecords }: EngineStoreOptions): TicketStore {
  if (namespace.includes('\u0000')) throw new ConfigurationError('namespace', 'must not contain NUL')
  let closed = false

  async function run<Answer>(command: (rows: Rows) => Answer): Promise<Answer> {
    if (closed) throw new StoreError('closed', 'the store is closed')
    return client.run(command).catch((error: unknown) => {
      if (error instanceof StoreError) throw error
      throw new StoreError('unavailable', 'the engine does not answer', { cause: error })
    })
  }

  return {
    name: 'simulated',
    insert: (record) =>
      run((rows) => {
        const key = keyOf(namespace, record.id)
        if (rows.has(key)) throw new StoreError('conflict', 'the id is known')
        if (rows.size >= maxRecords) throw new StoreError('capacity', 'the engine is full')
        const { expiresAt } = record
        rows.set(key, { namespace, record: JSON.stringify(record), expiresAt, state: 'pending' })
      }),
    redeem: (id, now) =>
      run((rows) => {
        const row = rows.get(keyOf(namespace, id))
        if (row === undefined) return { kind: 'unknown' }
        if (row.state !== 'pending') return { kind: row.state === 'redeemed' ? 'spent' : 'revoked' }
        if (now >= row.expiresAt) return { kind: 'expired' }
        row.state = 'redeemed'
        return { kind: 'redeemed', record: parseRecord(row) }
      }),
    read: (id, now) =>
      run((rows) => {
        const row = rows.get(keyOf(namespace, id))
        if (row === undefined) return { kind: 'unknown' }
        const kind = row.state === 'pending' && now >= row.expiresAt ? 'expired' : row.state
        return { kind, record: parseRecord(row) }
      }),
    revoke: (id, now) =>
      run((rows) => {
        const row = rows.get(keyOf(namespace, id))
        if (row === undefined || row.state !== 'pending' || now >= row.expiresAt) return false
        row.state = 'revoked'
        return true
      }),
    sweep: (now) =>
      run((rows) => {
        const expired = [...rows].filter(([, row]) => row.namespace === namespace && now >= row.expiresAt)
        for (const [key] of expired) rows.delete(key)
        return expired.length
      }),
    inspect: () =>
      run(() => ({ engine: 'simulated', guarantee: 'A ticket is redeemed at most once.', weaknesses: [] })),
    async close() {
      closed = true
    },
  }
}

/** Puts something between the suite and a store. */
export type Tamper = (store: TicketStore, options: EngineStoreOptions) => TicketStore

const untouched: Tamper = (store) => store

/** The engine with everything that the suite can ask of one. */
export function createEngineHarness(tamper: Tamper = untouched): StoreHarness {
  const rows: Rows = new Map()
  const wire = { cut: false }
  const clients: Client[] = []

  async function openWith(namespace: string, maxRecords: number): Promise<TicketStore> {
    const client = connect(rows, wire)
    clients.push(client)
    const options = { client, namespace, maxRecords }
    return tamper(createEngineStore(options), options)
  }

  const open = () => openWith('tickets', Number.POSITIVE_INFINITY)
  return {
    clock: createMovableClock(),
    open,
    openSecond: open,
    capabilities: {
      dump: async () => JSON.stringify([...rows]),
      size: async () => rows.size,
      namespaces: (name) => openWith(name, Number.POSITIVE_INFINITY),
      capacity: (records) => openWith('bounded', records),
      handedInClient: () => (clients[0] as Client).run(() => true).catch(() => false),
      outage: {
        begin: async () => {
          wire.cut = true
        },
        end: async () => {
          wire.cut = false
        },
      },
    },
    dispose: async () => {
      for (const client of clients) client.close()
    },
  }
}

function connect(rows: Rows, wire: { readonly cut: boolean }): Client {
  let closed = false
  const travel = async () => {
    await new Promise((resolve) => setImmediate(resolve))
    if (closed || wire.cut) throw new Error('the connection is gone')
  }
  return {
    async run(command) {
      await travel()
      const answer = command(rows)
      await travel()
      return answer
    },
    close() {
      closed = true
    },
  }
}
