/**
 * Time, as an argument.
 * @module
 */

declare const epochMs: unique symbol

/** Milliseconds since the Unix epoch. */
export type EpochMs = number & { readonly [epochMs]: true }

/** Tells the time. Everything that needs the time takes one, so that a test can move it. */
export type Clock = () => EpochMs

/** The machine's wall clock: the default wherever a {@link Clock} is taken. */
export const systemClock: Clock = Date.now as Clock
