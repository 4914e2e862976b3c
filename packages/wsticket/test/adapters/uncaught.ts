/**
 * Catches what would end the process.
 * @module
 */

/** Runs something, and returns the uncaught exceptions that came of it. The test runner does not hear of them. */
export async function uncaughtDuring(run: () => Promise<void>): Promise<readonly Error[]> {
  const errors: Error[] = []
  const runners = process.listeners('uncaughtException')
  process.removeAllListeners('uncaughtException')
  process.on('uncaughtException', (error) => errors.push(error))
  try {
    await run()
  } finally {
    process.removeAllListeners('uncaughtException')
    for (const listener of runners) process.on('uncaughtException', listener)
  }
  return errors
}
