/**
 * The stream in which the NATS log keeps its entries, beside the bucket of the tickets. Looked at, and created where there is none.
 * @module
 */
import type { NatsDriver } from './nats-driver.ts'
import {
  describeKeeping,
  duplicateWindowMs,
  nanosecondsPerMs,
  openStream,
  type StreamPlan,
  type StreamRequirement,
  streamRequirements,
} from './nats-stream.ts'
import type { StoreInspection } from './ticket-store.ts'

/** Beside which bucket, and how the stream is set up where there is none. */
export interface LogStreamOptions {
  readonly bucket: string
  readonly replicas: number
  /** How long the server may take to answer all that is asked in a look, in milliseconds. */
  readonly deadlineMs: number
}

/** The name of the stream, which is also its subject. */
export function logStreamOf(bucket: string): string {
  return `${bucket}_sessions`
}

/**
 * Looks at the stream, and creates it where there is none.
 * @throws ConfigurationError for one that would drop entries on which somebody stands, or forgets them with its process.
 */
export async function openLogStream(driver: NatsDriver, options: LogStreamOptions): Promise<StoreInspection> {
  const name = logStreamOf(options.bucket)
  const { stream, server } = await openStream(driver, {
    title: `${options.bucket} has a session log, ${name}, that`,
    configuration: configurationOf(name, options.replicas),
    requirements: requirementsOf(name),
    // What several replicas lose is noticed by those who have read it.
    requireReplication() {},
    deadlineMs: options.deadlineMs,
  })
  return {
    engine: describeKeeping(stream.configuration, server),
    guarantee: 'An entry is read by every node, in order; what is lost is noticed where it was read.',
    weaknesses: [],
  }
}

function configurationOf(name: string, replicas: number): StreamPlan['configuration'] {
  return {
    name,
    subjects: [name],
    storage: 'file',
    retention: 'limits',
    discard: 'new',
    num_replicas: replicas,
    // No age: the last entry would go when it is old, and with it what tells whoever has read it that nothing was lost.
    max_age: 0,
    duplicate_window: duplicateWindowMs * nanosecondsPerMs,
    deny_delete: true,
    // Who appends drops what is old.
    deny_purge: false,
    allow_direct: false,
    allow_rollup_hdrs: false,
  }
}

function requirementsOf(name: string): readonly StreamRequirement[] {
  return [
    ...streamRequirements,
    [({ subjects }) => subjects?.length === 1 && subjects[0] === name, `takes other subjects: give it ${name} alone`],
    [({ storage }) => storage === 'file', 'is kept in memory, and forgotten with a restart: use file storage'],
    [({ discard }) => discard === 'new', 'drops old entries when it is full: set discard to new'],
    [({ max_msgs_per_subject: most }) => !(most > 0), 'keeps only so many entries: set no limit per subject'],
    [({ max_age }) => !(max_age > 0), 'drops also the last entry when it is old: set no maximum age'],
    [({ deny_delete }) => deny_delete === true, 'lets entries be deleted: set deny_delete'],
    [({ deny_purge }) => deny_purge !== true, 'keeps every entry for ever: do not set deny_purge'],
  ]
}
