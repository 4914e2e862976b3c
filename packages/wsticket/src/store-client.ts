/**
 * The client that a store by URL has of its own: how it is loaded, and how it ends with its store.
 * @module
 */
import { withinDeadline } from './deadline.ts'
import { ConfigurationError, StoreError } from './errors.ts'

const endDeadlineMs = 1000
const workDeadlineMs = 5000

/**
 * Loads the packages of a client, which are installed only where they are needed.
 * @throws ConfigurationError with what to install, where one of them is not installed.
 */
export async function loadClient<Module>(
  engine: string,
  packages: readonly string[],
  load: () => Promise<Module>,
): Promise<Module> {
  try {
    return await load()
  } catch (error) {
    const { code, message } = error as { code?: unknown; message?: unknown }
    const isAbsent = packages.some((name) => String(message).includes(`'${name}'`))
    // Something that a package itself lacks is another fault, and tells of itself.
    if (code !== 'ERR_MODULE_NOT_FOUND' || !isAbsent) throw error
    const noun = packages.length === 1 ? 'package' : 'packages'
    throw new ConfigurationError(
      `${engine}:`,
      `needs the ${noun} ${packages.join(' and ')}: npm install ${packages.join(' ')}`,
    )
  }
}

/** A client that was opened for one store. */
export interface OwnClient {
  /** Ends it, if need be without waiting for what is under way. */
  end(): Promise<unknown>
  /** What has gone wrong with its connection last, where it does not tell with every answer; null or undefined: nothing. */
  failure?(): unknown
}

/** What is asked of an engine, and can be looked at and closed. */
interface Handle {
  inspect?(): Promise<unknown>
  close(): Promise<void>
}

/**
 * Creates a store, or a log, whose end is also that of its client, which has a second to end in good order.
 * @throws what the creation throws; then the client has ended.
 */
export async function openWithOwnClient<Opened extends Handle>(
  client: OwnClient,
  create: () => Opened,
): Promise<Opened> {
  try {
    return withOwnClient(create(), client)
  } catch (error) {
    await endInTime(client.end)
    throw error
  }
}

function withOwnClient<Opened extends Handle>(handle: Opened, { end, failure = () => null }: OwnClient): Opened {
  let ended: Promise<void> | null = null
  const { inspect } = handle
  return {
    ...handle,
    ...(inspect && { inspect: () => inspect().catch((error: unknown) => throwWithReason(error, failure())) }),
    async close() {
      await handle.close()
      ended ??= endInTime(end)
      await ended
    },
  }
}

function throwWithReason(error: unknown, failure: unknown): never {
  const reason = reasonOf(failure)
  if (!(error instanceof StoreError) || error.code !== 'unavailable' || reason === null) throw error
  throw new StoreError('unavailable', `${error.message}; the connection fails with ${reason}`, { cause: error })
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

const nameForm = /^[A-Z][A-Za-z]{1,40}Error$/

/** A code of the system, a word of the server, or the kind of an error. Nothing else is told: it may quote the URL. */
function reasonOf(failure: unknown): string | null {
  const { code, message, name, cause, lastNodeError } = (failure ?? {}) as { [member: string]: unknown }
  const inner = lastNodeError ?? cause
  if (inner !== undefined) return reasonOf(inner) ?? wordOf(nameForm, name)
  return wordOf(codeForm, code) ?? wordOf(wordForm, message) ?? wordOf(nameForm, name)
}

function wordOf(form: RegExp, text: unknown): string | null {
  return typeof text === 'string' ? (form.exec(text)?.[0] ?? null) : null
}
