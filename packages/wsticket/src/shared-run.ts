/**
 * Work that is done once for all who ask for it at the same time.
 * @module
 */

/**
 * One run at a time. Whoever asks while one is under way shares the next with all others who do: what has changed until he asked may have come
 * too late for that one. Each rejects as its run does.
 */
export function createSharedRun(work: () => Promise<void>): () => Promise<void> {
  let running: Promise<void> | null = null
  return async () => {
    await running?.catch(() => {})
    running ??= work().finally(() => {
      running = null
    })
    await running
  }
}
