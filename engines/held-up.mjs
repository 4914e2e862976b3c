/**
 * How long the event loop stood still at most, for a process that shares its machine: what a deadline of the store cannot help.
 * @module
 */
import { monitorEventLoopDelay } from 'node:perf_hooks'

const delay = monitorEventLoopDelay({ resolution: 10 })
delay.enable()

/** Since this module was loaded, or told to forget, in milliseconds. */
export function heldUpMs() {
  return delay.max / 1e6
}

/** Begins anew: where files of tests share a process, or tests what they allow for. */
export function forgetHeldUp() {
  delay.reset()
}
