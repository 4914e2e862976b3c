/**
 * Port: a server that handshakes are played against. An adapter and the gateway implement it alike.
 * @module
 */
import type { AdmissionOptions, TicketStore } from 'wsticket'
import { pageOrigin, type Setting } from './handshake-case.ts'

/** The audience of every server under test. */
export const audience = 'chat'

/** What a setting means to admission. */
export type AdmissionSetting = Required<
  Pick<AdmissionOptions, 'origins' | 'carriers' | 'nonBrowserClients' | 'trustedProxies' | 'addressPolicy'>
>

const ordinary: AdmissionSetting = {
  origins: [pageOrigin, 'https://app.example:8443', 'http://localhost:3000', 'https://[2001:db8::1]'],
  carriers: ['subprotocol', 'authorization'],
  nonBrowserClients: 'authorization_carrier',
  trustedProxies: [],
  addressPolicy: 'report',
}

/** Every setting. */
export const admissionSettings: { readonly [setting in Setting]: AdmissionSetting } = {
  ordinary,
  // But for the first message, with which a handshake without a ticket is accepted.
  every_carrier: { ...ordinary, carriers: ['subprotocol', 'authorization', 'query', 'cookie'] },
  query_only: { ...ordinary, carriers: ['query'] },
  any_client: { ...ordinary, nonBrowserClients: 'any_carrier' },
  no_proxy: { ...ordinary, addressPolicy: 'exact' },
  behind_proxy: {
    ...ordinary,
    addressPolicy: 'exact',
    trustedProxies: ['127.0.0.1', '10.0.0.0/8', '2001:db8:ff::/48'],
  },
}

/** A server that listens on 127.0.0.1 and opens WebSockets, or event streams, at `/ws`. */
export interface RunningTarget {
  readonly port: number
  /** The ids of the sessions that reached the application, in order. */
  readonly reached: readonly string[]
  /** Everything that the application, or the upstream, got to see of requests. */
  seen(): string
  /** Everything that was logged. */
  logged(): string
  stop(): Promise<void>
}

/** Starts servers around a store. */
export interface HandshakeTarget {
  readonly name: string
  /** What it opens. An event stream that reached the application ends at once. */
  readonly opens: 'websocket' | 'event_stream'
  start(setting: AdmissionSetting, store: TicketStore): Promise<RunningTarget>
}
