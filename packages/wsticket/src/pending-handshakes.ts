/**
 * Handshakes that are not decided yet: how many there may be. Each keeps a socket, and what it waits for.
 * @module
 */
import { networkOf } from './checks/client-address.ts'
import { type Most, requireMost } from './most.ts'
import type { ExpectedSession } from './sessions.ts'

/** How many handshakes may wait at once, for the store, for a hook or for their first message. */
export interface PendingLimits {
  /** In this process. Default 10,000. */
  readonly inAll?: Most
  /** From one address; of IPv6 from one /64. Addresses that cannot be told are one. Default 1,000. */
  readonly perAddress?: Most
}

/** A handshake that waits. */
export interface PendingHandshake {
  /** False where there are too many of this address: it is to be refused. To be called once at the most. */
  isFrom(clientAddress: string | null): boolean
  /** Resolves where a drain begins meanwhile. To be called once at the most. */
  draining(): Promise<void>
  /** It waits no more. */
  end(): void
}

/** The handshakes that wait. */
export interface PendingHandshakes {
  /** Null where there are too many: it is to be refused. */
  begin(): PendingHandshake | null
}

const defaultInAll = 10_000
const defaultPerAddress = 1000

/**
 * Counts, and tells the sessions of each that `expect`s one.
 * @throws ConfigurationError for a limit that is none.
 */
export function createPendingHandshakes(
  { inAll, perAddress }: PendingLimits,
  expect: () => ExpectedSession,
): PendingHandshakes {
  const mostInAll = requireMost('pending.inAll', inAll ?? defaultInAll)
  const mostPerAddress = requireMost('pending.perAddress', perAddress ?? defaultPerAddress)
  const networks = createNetworks(mostPerAddress)
  let count = 0
  return {
    begin() {
      if (count >= mostInAll) return null
      count += 1
      let network: string | null = null
      let isOver = false
      const expected = expect()
      return {
        draining: expected.draining,
        isFrom(clientAddress) {
          network = networks.enter(clientAddress)
          return network !== null
        },
        end() {
          if (isOver) return
          isOver = true
          count -= 1
          expected.end()
          if (network !== null) networks.leave(network)
        },
      }
    },
  }
}

/** Counts by the network of an address; null where there are too many of it. */
function createNetworks(most: number) {
  const byNetwork = new Map<string, number>()
  return {
    enter(clientAddress: string | null): string | null {
      const network = networkOf(clientAddress)
      const others = byNetwork.get(network) ?? 0
      if (others >= most) return null
      byNetwork.set(network, others + 1)
      return network
    },
    leave(network: string): void {
      const others = (byNetwork.get(network) ?? 1) - 1
      if (others === 0) byNetwork.delete(network)
      else byNetwork.set(network, others)
    },
  }
}
