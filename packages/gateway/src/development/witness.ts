/**
 * Tells which audit event belongs to which connection: the core knows nothing of connections, the development mode asks.
 * @module
 */
import { AsyncLocalStorage } from 'node:async_hooks'
import { Socket } from 'node:net'
import type { UpgradeListener } from 'wsticket/adapters/node'
import type { GatewayEvent, GatewayEventSink } from '../events.ts'

/** Watches handshakes, and remembers the event of those that somebody waits for. */
export interface Witness {
  /** Wraps a listener so that the events which its handshakes cause can be told apart. */
  watch(listener: UpgradeListener): UpgradeListener
  /** Takes all events. */
  readonly onEvent: GatewayEventSink
  /** Waits for the events of the connection from this address. Returns the last one, once, when it is called. */
  expect(address: string, port: number): () => GatewayEvent | null
}

/** Creates a witness that waits for nothing yet. */
export function createWitness(): Witness {
  const connection = new AsyncLocalStorage<string>()
  const expected = new Map<string, GatewayEvent | null>()
  return {
    watch: (listener) => (request, socket, head) => {
      const { remoteAddress, remotePort } = socket instanceof Socket ? socket : request.socket
      connection.run(`${remoteAddress}:${remotePort}`, listener, request, socket, head)
    },
    onEvent(event) {
      const key = connection.getStore()
      if (key !== undefined && expected.has(key)) expected.set(key, event)
    },
    expect(address, port) {
      const key = `${address}:${port}`
      expected.set(key, null)
      return () => {
        const event = expected.get(key) ?? null
        expected.delete(key)
        return event
      }
    },
  }
}
