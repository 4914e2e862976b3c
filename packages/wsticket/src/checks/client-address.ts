/**
 * Client address: who is at the other end, behind which proxies, and whether the client that redeems a ticket is where the
 * client was that asked for it.
 * @module
 */
import ipaddr from 'ipaddr.js'
import type { TicketCheck } from '../check.ts'
import { ConfigurationError } from '../errors.ts'

type Address = ipaddr.IPv4 | ipaddr.IPv6
type Network = [Address, number]

/**
 * What the address of the client must have in common with the one that the ticket was issued to.
 * - `exact`: everything. Breaks for clients with several addresses (IPv6 privacy addresses, carrier-grade NAT, VPNs).
 * - `prefix`: the network. Default: it stops a ticket that was carried elsewhere, and survives a change of address within a
 *   site or a carrier's pool.
 * - `report`: nothing; the audit says whether it fits.
 * - `off`: nothing, and nothing is said.
 * Under `exact` and `prefix` an address that cannot be told fits nothing.
 */
export type AddressPolicy = 'exact' | 'prefix' | 'report' | 'off'

/** Every {@link AddressPolicy}. */
export const addressPolicies: readonly AddressPolicy[] = ['exact', 'prefix', 'report', 'off']

/** Length of the network prefix that is compared under the policy `prefix`, in bits. */
export interface AddressPrefixes {
  /** Default 24. */
  readonly ipv4: number
  /** Default 56: what an access provider commonly delegates to one site (RFC 6177). */
  readonly ipv6: number
}

/** The prefixes that are compared unless told otherwise. */
export const defaultPrefixes: AddressPrefixes = { ipv4: 24, ipv6: 56 }

/** Tells a client's address from the peer's and the X-Forwarded-For chain; null where it cannot be told. */
export type ClientAddressResolver = (peerAddress: string | null, forwardedFor: string | null) => string | null

/**
 * A resolver that believes the listed proxies, and nobody else.
 *
 * Without a match in the list the peer is the client, and X-Forwarded-For is ignored. Behind a listed proxy the chain is read
 * from right to left, past listed proxies, to the first address that is not one: that is the client, as the last proxy that
 * we trust has seen it. A chain that is absent or cannot be read gives null.
 * @param trustedProxies addresses and networks (`10.0.0.0/8`, `::1`)
 * @throws ConfigurationError for an entry that is neither.
 */
export function createClientAddressResolver(trustedProxies: readonly string[]): ClientAddressResolver {
  if (!Array.isArray(trustedProxies)) throw new ConfigurationError('trustedProxies', 'must be a list')
  const networks = trustedProxies.map(parseNetwork)
  const isTrusted = (address: Address) => networks.some((network) => isWithin(address, network))
  if (networks.length === 0) return canonicalAddress
  return (peerAddress, forwardedFor) => {
    let client = parseAddress(peerAddress)
    if (client === null || !isTrusted(client)) return client?.toString() ?? null
    if (forwardedFor === null) return null
    for (const hop of forwardedFor.split(',').reverse()) {
      client = parseAddress(hop.trim())
      if (client === null || !isTrusted(client)) break
    }
    return client?.toString() ?? null
  }
}

/** Holds the address of the handshake against the record's: null where it fits, or where the policy lets it pass. */
export function createClientAddressCheck(policy: AddressPolicy, prefixes: AddressPrefixes): TicketCheck {
  if (policy === 'off' || policy === 'report') return () => null
  return (record, attempt) =>
    addressesMatch(record.clientAddress, attempt.clientAddress, policy === 'exact' ? null : prefixes)
      ? null
      : 'address_mismatch'
}

/** Whether two canonical addresses are the same, or in one network of the given prefix. Null, and what is no address, fits nothing. */
export function addressesMatch(one: string | null, other: string | null, prefixes: AddressPrefixes | null): boolean {
  if (one === other) return one !== null
  const network = parseAddress(one)
  const address = parseAddress(other)
  if (prefixes === null || network === null || address === null) return false
  return isWithin(address, [network, network.kind() === 'ipv4' ? prefixes.ipv4 : prefixes.ipv6])
}

/**
 * What is counted as one client: an IPv4 address, the /64 of an IPv6 one, for a single host has all of that (RFC 4291 section 2.5.1),
 * and '' for what could not be told.
 * @param address in canonical form
 */
export function networkOf(address: string | null): string {
  if (address === null) return ''
  if (!address.includes(':')) return address
  const groups = ipaddr.IPv6.parse(address).parts.slice(0, 4)
  return groups.map((group) => group.toString(16)).join(':')
}

/**
 * Checks prefix lengths.
 * @throws ConfigurationError
 */
export function requirePrefixes(prefixes: AddressPrefixes): AddressPrefixes {
  requireBits('addressPrefixes.ipv4', prefixes.ipv4, 32)
  requireBits('addressPrefixes.ipv6', prefixes.ipv6, 128)
  return prefixes
}

function requireBits(option: string, bits: number, most: number): void {
  if (!Number.isInteger(bits) || bits < 1 || bits > most) {
    throw new ConfigurationError(option, `must be a whole number of bits from 1 to ${most}`)
  }
}

function isWithin(address: Address, [network, bits]: Network): boolean {
  return address.kind() === network.kind() && address.match(network as never, bits)
}

// An IPv4 address as sockets report it, alone or within IPv6: canonical as it stands, the common case on the hot path.
const plainIPv4 = /^(?:::ffff:)?((?:(?:25[0-5]|2[0-4]\d|1\d\d|[1-9]?\d)(?:\.(?!$)|$)){4})$/

function canonicalAddress(text: string | null): string | null {
  const plain = plainIPv4.exec(text ?? '')?.[1]
  return plain ?? parseAddress(text)?.toString() ?? null
}

const bracketed = /^\[([^\]]*)\](?::\d{1,5})?$/
const ipv4WithPort = /^(\d+\.\d+\.\d+\.\d+):\d{1,5}$/

/** The address that a text spells, with or without port, brackets and zone; an IPv4 address within IPv6 is the IPv4 one. */
function parseAddress(text: string | null): Address | null {
  if (text === null) return null
  const bare = bracketed.exec(text)?.[1] ?? ipv4WithPort.exec(text)?.[1] ?? text
  if (ipaddr.IPv4.isValidFourPartDecimal(bare)) return ipaddr.IPv4.parse(bare)
  // RFC 4007 section 11: a zone means something on one host only, and IPv4 has none.
  const zone = bare.indexOf('%')
  const spelled = zone < 0 ? bare : bare.slice(0, zone)
  if (!isUnambiguous(spelled) || !ipaddr.IPv6.isValid(spelled)) return null
  const address = ipaddr.IPv6.parse(spelled)
  return address.isIPv4MappedAddress() ? address.toIPv4Address() : address
}

/**
 * Whether everybody reads the same IPv4 address at the end of an IPv6 one, if there is one. ipaddr.js takes octal and
 * hexadecimal there, and takes the IPv4-compatible form (RFC 4291 section 2.5.5.1, deprecated) for the IPv4-mapped.
 */
function isUnambiguous(ipv6: string): boolean {
  const tail = ipv6.slice(ipv6.lastIndexOf(':') + 1)
  return !tail.includes('.') || (ipaddr.IPv4.isValidFourPartDecimal(tail) && !/^::[\d.]+$/.test(ipv6))
}

function parseNetwork(text: string): Network {
  const mark = text.indexOf('/')
  const address = parseAddress(mark < 0 ? text : text.slice(0, mark))
  const most = address?.kind() === 'ipv4' ? 32 : 128
  const bits = mark < 0 ? most : Number(text.slice(mark + 1))
  if (address === null || !/^[^/]+(\/\d{1,3})?$/.test(text) || bits < 1 || bits > most) {
    throw new ConfigurationError(
      'trustedProxies',
      `must be addresses or networks such as 10.0.0.0/8 (never /0, which is everybody), not ${JSON.stringify(text)}`,
    )
  }
  return [address, bits]
}
