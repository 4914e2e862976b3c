/**
 * Handshakes that are being decided: some become sessions yet, and a drain waits for them.
 * @module
 */

/** A handshake that is being decided. */
export interface ExpectedSession {
  /** Resolves where a drain begins before it is decided. To be called once at the most. */
  draining(): Promise<void>
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
  const waiting = new Set<{ tell?: () => void }>()
  return {
    get count() {
      return waiting.size
    },
    expect() {
      const one: { tell?: () => void } = {}
      waiting.add(one)
      return {
        draining: () =>
          new Promise((resolve) => {
            one.tell = resolve
          }),
        end: () => void waiting.delete(one),
      }
    },
    drain() {
      for (const { tell } of waiting) tell?.()
    },
  }
}
