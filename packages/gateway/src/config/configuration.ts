/**
 * What the gateway is told: every value checked, every default filled in.
 * @module
 */
import type { AddressPolicy, CarrierName, LockPolicy, NonBrowserClients, Rate } from 'wsticket'

/** Where to listen. */
export interface ListenAddress {
  /** An address or a name; without the brackets of an IPv6 address. */
  readonly host: string
  /** 0 for any free port. */
  readonly port: number
}

/** How often something may happen, or that nobody counts. */
export type LimitedRate = Rate | 'unlimited'

/** The configuration of `serve`. The table in `options.ts` says what each member is. */
export interface Configuration {
  readonly listen: ListenAddress
  readonly issuer: string
  readonly tokenAudience: string
  /** Null: the issuer's discovery document says. */
  readonly jwksUrl: URL | null
  readonly algorithms: readonly string[]
  readonly tokenType: string
  readonly audience: string
  /** The URL of the store: may hold a password. */
  readonly store: string
  readonly upstream: URL
  readonly path: string
  readonly eventStreams: 'on' | 'off'
  readonly origins: readonly string[]
  readonly carriers: readonly CarrierName[]
  readonly nonBrowserClients: NonBrowserClients
  readonly trustedProxies: readonly string[]
  readonly addressPolicy: AddressPolicy
  readonly addressPrefixIpv4: number
  readonly addressPrefixIpv6: number
  readonly ticketLifetimeMs: number
  readonly maximumTicketLifetimeMs: number
  readonly lockPolicy: LockPolicy
  readonly ticketsPerSubject: number | 'unlimited'
  readonly ticketRate: LimitedRate
  readonly ticketRatePerAddress: LimitedRate
  readonly ticketRatePerSubject: LimitedRate
  readonly changeRatePerSubject: LimitedRate
  readonly handshakeRate: LimitedRate
  readonly handshakeRatePerAddress: LimitedRate
  readonly pendingHandshakes: number | 'unlimited'
  readonly pendingHandshakesPerAddress: number | 'unlimited'
  /** Null: as long as the token is good. */
  readonly sessionLifetimeMs: number | null
  /** Null: for as long as it is renewed. */
  readonly maximumSessionAgeMs: number | null
  readonly sessionGraceMs: number
  /** Null: as long as it likes. */
  readonly silenceMs: number | null
  readonly sessionsPerSubject: number | 'unlimited'
  readonly sessionsInAll: number | 'unlimited'
  readonly sessionOverflow: 'refuse_new' | 'end_oldest'
  readonly sessionDirectory: 'on' | 'off'
  /** Null: that of the machine. */
  readonly nodeName: string | null
  readonly reusePolicy: 'report' | 'end_session'
  readonly drainWindowMs: number
  readonly drainDeadlineMs: number
}
