import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  type AddressPolicy,
  addressesMatch,
  createClientAddressCheck,
  createClientAddressResolver,
  defaultPrefixes,
  requirePrefixes,
} from '../../src/checks/client-address.ts'
import { ConfigurationError } from '../../src/errors.ts'
import { handshake, recordOf, ticketOf } from '../core/fixtures.ts'

const direct = createClientAddressResolver([])

describe('the client address check', () => {
  function verdict(policy: AddressPolicy, issuedTo: string | null, redeemedFrom: string | null) {
    const check = createClientAddressCheck(policy, defaultPrefixes)
    const record = recordOf(ticketOf(1), { clientAddress: issuedTo })
    return check(record, { handshake: handshake(), carrier: 'subprotocol', key: null, clientAddress: redeemedFrom })
  }

  it.each([
    ['the same IPv4 address', '192.0.2.7', '192.0.2.7', null, null],
    ['another one in its /24', '192.0.2.7', '192.0.2.255', 'address_mismatch', null],
    ['one next to its /24', '192.0.2.7', '192.0.3.0', 'address_mismatch', 'address_mismatch'],
    ['the same IPv6 address', '2001:db8::1', '2001:db8::1', null, null],
    ['another one in its /56', '2001:db8::1', '2001:db8:0:ff::9', 'address_mismatch', null],
    ['one next to its /56', '2001:db8::1', '2001:db8:0:100::1', 'address_mismatch', 'address_mismatch'],
    ['IPv6 in place of IPv4', '192.0.2.7', '2001:db8::1', 'address_mismatch', 'address_mismatch'],
    ['IPv4 in place of IPv6', '2001:db8::1', '192.0.2.7', 'address_mismatch', 'address_mismatch'],
    ['no address, where the ticket has one', '192.0.2.7', null, 'address_mismatch', 'address_mismatch'],
    ['an address, where the ticket has none', null, '192.0.2.7', 'address_mismatch', 'address_mismatch'],
    ['no address, where the ticket has none either', null, null, 'address_mismatch', 'address_mismatch'],
  ] as const)('judges %s', (_, issuedTo, redeemedFrom, exact, prefix) => {
    expect(verdict('exact', issuedTo, redeemedFrom)).toBe(exact)
    expect(verdict('prefix', issuedTo, redeemedFrom)).toBe(prefix)
    expect(verdict('report', issuedTo, redeemedFrom)).toBeNull()
    expect(verdict('off', issuedTo, redeemedFrom)).toBeNull()
  })

  it('judges two addresses the same, whichever of the two came first', () => {
    const address = fc.oneof(fc.ipV4(), fc.ipV6()).map((text) => direct(text, null))
    fc.assert(
      fc.property(address, address, (one, other) => {
        expect(addressesMatch(one, other, defaultPrefixes)).toBe(addressesMatch(other, one, defaultPrefixes))
        expect(addressesMatch(one, one, defaultPrefixes)).toBe(one !== null)
      }),
    )
  })

  it.each([1, 8, 24, 32])('compares the first %d bits of IPv4 where the operator says so', (ipv4) => {
    const prefixes = requirePrefixes({ ipv4, ipv6: 56 })
    const flip = (bit: number) =>
      [0, 8, 16, 24].map((shift) => (shift === bit - (bit % 8) ? 128 >> (bit % 8) : 0)).join('.')
    expect(addressesMatch('0.0.0.0', flip(ipv4 - 1), prefixes)).toBe(false)
    if (ipv4 < 32) expect(addressesMatch('0.0.0.0', flip(ipv4), prefixes)).toBe(true)
  })

  it.each([
    [0, 56],
    [33, 56],
    [24, 0],
    [24, 129],
    [-1, 56],
    [24.5, 56],
    [Number.NaN, 56],
    ['24', 56],
    [undefined, 56],
    [24, undefined],
  ])('refuses prefixes of %j and %j bits', (ipv4, ipv6) => {
    const check = () => requirePrefixes({ ipv4, ipv6 } as never)
    expect(check).toThrow(ConfigurationError)
    expect(check).toThrow(
      /^addressPrefixes\.(?:ipv4 must be a whole number of bits from 1 to 32|ipv6 must be a whole number of bits from 1 to 128)$/,
    )
  })
})
