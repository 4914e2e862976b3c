/**
 * What a run does to the process besides what it answers: crashes, and memory that is kept.
 * @module
 */
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'

/** What was seen. */
export interface Watched<Result> {
  readonly result: Result
  /** Uncaught exceptions and unhandled rejections: each would have ended the process. */
  readonly crashes: readonly unknown[]
  /** Live heap and buffers after the run less before, in bytes. */
  readonly keptBytes: number
}

/** The most that a class of the corpus may leave behind, in bytes: code that runs for the first time, and the records of its tickets. */
export const mostKeptBytes: number = 16 * 1024 * 1024

const events = ['uncaughtException', 'unhandledRejection'] as const

/** Runs something, and sees what it does to the process. The test runner does not hear of its crashes. */
export async function watch<Result>(run: () => Promise<Result>): Promise<Watched<Result>> {
  const crashes: unknown[] = []
  const listeners = events.map((event) => [event, process.listeners(event as 'uncaughtException')] as const)
  const onCrash = (error: unknown) => void crashes.push(error)
  for (const event of events) process.removeAllListeners(event).on(event, onCrash)
  try {
    const before = await liveBytes()
    const result = await run()
    return { result, crashes, keptBytes: (await liveBytes()) - before }
  } finally {
    for (const [event, before] of listeners) {
      process.removeAllListeners(event)
      for (const listener of before) process.on(event, listener)
    }
  }
}

/** What is in use when everything that can be collected has been; sockets are let go of a moment after they close. */
async function liveBytes(): Promise<number> {
  await new Promise((resolve) => setTimeout(resolve, 50))
  setFlagsFromString('--expose-gc')
  const collect = runInNewContext('gc') as () => void
  collect()
  const { heapUsed, external } = process.memoryUsage()
  return heapUsed + external
}
