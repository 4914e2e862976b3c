/**
 * The client that a store by URL has of its own: how it is loaded, and how it ends with its store.
 * @module
 */
import { withinDeadline } from './deadline.ts'
import { ConfigurationError, StoreError } from './errors.ts'
import type { TicketStore } from './ticket-store.ts'

const endDeadlineMs = 1000
const workDeadlineMs = 10_000

/**
 * Loads the package of a client, which is installed only where it is needed.
 * @throws ConfigurationError with what to install, where it is not installed.
 */
export async function loadClient<Module>(
  engine: string,
  packageName: string,
  load: () => Promise<Module>,
): Promise<Module> {
  try {
    return await load()
  } catch (error) {
    const { code, message } = error as { code?: unknown; message?: unknown }
    // Something that the package itself lacks is another fault, and tells of itself.
    if (code !== 'ERR_MODULE_NOT_FOUND' || !String(message).includes(`'${packageName}'`)) throw error
    throw new ConfigurationError(`${engine}:`, `needs the package ${packageName}: npm install ${packageName}`)
  }
}

/** A client that was opened for one store. */
export interface OwnClient {
  /** Ends it, if need be without waiting for what is under way. */
  end(): Promise<unknown>
  /** What has gone wrong with its connection last, where it does not tell with every answer; null or undefined: nothing. */
  failure?(): unknown
}

/** A store whose end is also that of its client, which has a second to end in good order. */
export function withOwnClient(store: TicketStore, { end, failure = () => null }: OwnClient): TicketStore {
  let ended: Promise<void> | null = null
  return {
    ...store,
    async inspect() {
      return store.inspect().catch((error: unknown) => {
        const reason = reasonOf(failure())
        if (!(error instanceof StoreError) || error.code !== 'unavailable' || reason === null) throw error
        throw new StoreError('unavailable', `${error.message}; the connection fails with ${reason}`, { cause: error })
      })
    },
    async close() {
      await store.close()
      ended ??= endInTime(end)
      await ended
    },
  }
}

/**
 * Waits for some work on a client that was opened for it alone, and ends the client.
 * @throws DeadlineError where the work takes too long; else what it throws.
 */
export async function finishWithOwnClient({ end }: OwnClient, work: Promise<unknown>): Promise<void> {
  try {
    await withinDeadline(work, workDeadlineMs)
  } finally {
    await endInTime(end)
  }
}

async function endInTime(end: OwnClient['end']): Promise<void> {
  await withinDeadline(end(), endDeadlineMs).catch(() => {})
}

const codeForm = /^[A-Z][A-Z0-9_]{2,60}$/
const wordForm = /\b(?:E[A-Z]{5,}|WRONGPASS|NOAUTH|NOPERM|LOADING|MASTERDOWN|CLUSTERDOWN)\b/

/** A code of the system or a word of the server. Nothing else of an error is told: it may quote the URL. */
function reasonOf(failure: unknown): string | null {
  const { code, message, lastNodeError } = (failure ?? {}) as { [member: string]: unknown }
  if (lastNodeError !== undefined) return reasonOf(lastNodeError)
  if (typeof code === 'string' && codeForm.test(code)) return code
  return typeof message === 'string' ? (wordForm.exec(message)?.[0] ?? null) : null
}
