/**
 * The stream in which the NATS directory keeps who is on, beside the bucket of the tickets. Looked at, and created where there is none.
 * @module
 */
import type { Subject } from './credential.ts'
import { sha256 } from './digest.ts'
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
import type { TicketId } from './ticket.ts'
import type { StoreInspection } from './ticket-store.ts'

/** Beside which bucket, and how the stream is set up where there is none. */
export interface DirectoryStreamOptions {
  readonly bucket: string
  readonly replicas: number
  /** How long the server may take to answer all that is asked in a look, in milliseconds. */
  readonly deadlineMs: number
}

/** What messages are called in the directory of a bucket. */
export interface DirectorySubjects {
  readonly stream: string
  /** Of a node; without one, of all. */
  node(name?: string): string
  /** Of a session; without some of its parts, of all that there are. */
  session(parts: { readonly node?: string; readonly subject?: Subject | null; readonly id?: TicketId }): string
}

/** How the messages of a bucket's directory are called. */
export function directorySubjectsOf(bucket: string): DirectorySubjects {
  const stream = `${bucket}_directory`
  return {
    stream,
    node: (name = '*') => `${stream}.node.${name}`,
    session({ node = '*', subject = null, id = '*' }) {
      return `${stream}.session.${node}.${subject === null ? '*' : sha256(subject)}.${id}`
    },
  }
}

/** The node and the id in what a message of a session is called. */
export function parseSessionSubject(subject: string): { readonly node: string; readonly id: TicketId } {
  const [node = '', , id = ''] = subject.split('.').slice(-3)
  return { node, id: id as TicketId }
}

/**
 * Looks at the stream, and creates it where there is none.
 * @throws ConfigurationError for one that would not keep what is told.
 */
export async function openDirectoryStream(
  driver: NatsDriver,
  options: DirectoryStreamOptions,
): Promise<StoreInspection> {
  const { stream: name } = directorySubjectsOf(options.bucket)
  const { stream, server } = await openStream(driver, {
    title: `${options.bucket} has a session directory, ${name}, that`,
    configuration: configurationOf(name, options.replicas),
    requirements,
    // What is lost is told again.
    requireReplication() {},
    deadlineMs: options.deadlineMs,
  })
  return {
    engine: describeKeeping(stream.configuration, server),
    guarantee: 'Sessions of nodes that are alive are listed; what is lost each node tells again.',
    weaknesses: [],
  }
}

function configurationOf(name: string, replicas: number): StreamPlan['configuration'] {
  return {
    name,
    subjects: [`${name}.>`],
    storage: 'memory',
    retention: 'limits',
    discard: 'old',
    num_replicas: replicas,
    // What is told again takes the place of what was told before.
    max_msgs_per_subject: 1,
    max_age: 0,
    duplicate_window: duplicateWindowMs * nanosecondsPerMs,
    deny_delete: false,
    deny_purge: false,
    allow_direct: false,
    allow_rollup_hdrs: false,
  }
}

const requirements: readonly StreamRequirement[] = [
  ...streamRequirements,
  [({ max_msgs_per_subject }) => max_msgs_per_subject === 1, 'keeps what was told before: set its history to 1'],
  [({ deny_purge }) => deny_purge !== true, 'keeps sessions that are over: do not set deny_purge'],
]
