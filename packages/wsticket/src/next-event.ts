/**
 * Waiting for an event.
 * @module
 */

/** What emits events, as in Node. */
export interface EventSource {
  on(event: string, listener: () => void): unknown
  off(event: string, listener: () => void): unknown
}

/** Resolves with the first of some events, and leaves no listener behind. */
export function nextEvent(source: EventSource, events: readonly string[]): Promise<void> {
  return new Promise((resolve) => {
    const settle = () => {
      for (const event of events) source.off(event, settle)
      resolve()
    }
    for (const event of events) source.on(event, settle)
  })
}
