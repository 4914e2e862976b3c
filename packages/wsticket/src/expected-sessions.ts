/**
 * Handshakes that are being decided: some become sessions yet, and a drain waits for them.
 * @module
 */

/** A handshake that is being decided. */
export interface ExpectedSession {
  /** Resolves where a drain begins before it is decided. */
  readonly draining: Promise<void>
  /** It is decided. */
  end(): void
}

/** The handshakes that are being decided in a process. */
export interface ExpectedSessions {
  readonly count: number
  expect(): ExpectedSession
  /** Tells each that a drain has begun. */
  drain(): void
}

/** Creates the collection: empty. */
export function createExpectedSessions(): ExpectedSessions {
  const waiting = new Set<() => void>()
  return {
    get count() {
      return waiting.size
    },
    expect() {
      let tell = () => {}
      const draining = new Promise<void>((resolve) => {
        tell = resolve
      })
      waiting.add(tell)
      return { draining, end: () => void waiting.delete(tell) }
    },
    drain() {
      for (const tell of waiting) tell()
    },
  }
}
