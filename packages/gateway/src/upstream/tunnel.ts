/**
 * Bytes both ways between two sockets, unread, at the pace of the slower one.
 * @module
 */
import { type Duplex, pipeline } from 'node:stream'
import { type EpochMs, systemClock } from 'wsticket'

/** When a tunnel ends. */
export interface TunnelLimits {
  /** Both sides are cut at this time; null for never. */
  readonly until: EpochMs | null
  /** How long one side may go on after the other has ended, in milliseconds. */
  readonly lingerMs: number
}

const longestTimerMs = 2 ** 31 - 1

/** Joins two sockets until both have ended, one has failed, or time is up; then neither is open any longer. */
export function tunnel(client: Duplex, upstream: Duplex, { until, lingerMs }: TunnelLimits): void {
  const cut = () => {
    client.destroy()
    upstream.destroy()
  }
  let timer = until === null ? undefined : setTimeout(cut, Math.min(Math.max(until - systemClock(), 0), longestTimerMs))
  let flowing = 2
  const onEnd = (error: Error | null | undefined) => {
    flowing -= 1
    clearTimeout(timer)
    // After an error the pipeline has destroyed both sockets itself.
    if (!error && flowing > 0) timer = setTimeout(cut, lingerMs)
  }
  pipeline(client, upstream, onEnd)
  pipeline(upstream, client, onEnd)
}
