/**
 * Session directory in NATS JetStream: one stream in memory, beside the bucket of the tickets. A message is a session, or a node. What a
 * restart takes along each node tells again.
 * @module
 */
import { type Asker, requireWaiting } from '../asker.ts'
import type { EpochMs } from '../clock.ts'
import { requireDeadline } from '../deadline.ts'
import { createSweep } from '../directory-sweep.ts'
import { readDirectoryEntry, writeDirectoryEntry } from '../directory-text.ts'
import { createEngine, defaultEngineDeadlineMs } from '../engine.ts'
import { newNonce } from '../entry-text.ts'
import { StoreError } from '../errors.ts'
import {
  type DirectorySubjects,
  directorySubjectsOf,
  openDirectoryStream,
  parseSessionSubject,
} from '../nats-directory-stream.ts'
import type { NatsDriver } from '../nats-driver.ts'
import { isOutOfRoom, requireBucket, requireReplicas, requireServer } from '../nats-stream.ts'
import type { DirectoryEntry, DirectoryQuery, NodeNews, SessionDirectory } from '../session-directory.ts'

/** How the directory is kept in NATS. */
export interface NatsSessionDirectoryOptions {
  /** The bucket of the tickets; the stream has its name, and `_directory` behind it. Default: `wsticket`. */
  readonly bucket?: string
  /** How many servers have the stream, where the directory creates it; a stream that is there keeps its number. Default: 1. */
  readonly replicas?: 1 | 3 | 5
  /** How long the server may take to answer, in milliseconds. Default: 2000. */
  readonly deadlineMs?: number
}

/**
 * Creates a directory. Asks nothing before the first question, and never closes the driver's client.
 * @throws ConfigurationError for an option that cannot be.
 */
export function createNatsSessionDirectory(
  driver: NatsDriver,
  options: NatsSessionDirectoryOptions = {},
): SessionDirectory {
  const bucket = requireBucket(options.bucket)
  const replicas = requireReplicas(options.replicas)
  const deadlineMs = requireDeadline(options.deadlineMs ?? defaultEngineDeadlineMs)
  const stream = createStreamOfSessions(driver, bucket)
  const engine = createEngine({
    name: 'nats',
    deadlineMs,
    inspect: () => openDirectoryStream(driver, { bucket, replicas, deadlineMs }),
    reconnect: () => driver.reconnect(),
  })

  function ask<Answer>(question: (asker: Asker) => Promise<Answer>): Promise<Answer> {
    return engine.ask(async (asker) => {
      requireServer(driver)
      return question(asker)
    })
  }

  const sweep = createSweep((now) => ask((asker) => stream.sweep({ now, asker })))

  return {
    name: 'nats',
    async tell(news, now) {
      const isInStep = await ask((asker) => stream.tell(news, { now, asker }))
      sweep(now)
      return isInStep ? 'in_step' : 'out_of_step'
    },
    list: (query, now) => ask((asker) => stream.list(query, { now, asker })),
    count: (now) => ask(async () => (await stream.nodes(now)).reduce((sum, { count }) => sum + count, 0)),
    async close() {
      engine.close()
    },
  }
}

/** When something is asked, and by whom. */
interface Asking {
  readonly now: EpochMs
  readonly asker: Asker
}

/** A node, as its message says it. */
interface NodeState {
  readonly node: string
  readonly aliveUntil: number
  readonly count: number
}

async function put(driver: NatsDriver, message: { subject: string; text: string }, asker: Asker): Promise<void> {
  requireWaiting(asker)
  try {
    await driver.publish({ ...message, id: newNonce() }, asker)
  } catch (error) {
    if (isOutOfRoom(error)) throw new StoreError('capacity', 'the session directory has no room')
    throw error
  }
}

/** What is read of a bucket's directory. */
function createReadings(driver: NatsDriver, names: DirectorySubjects) {
  const { stream } = names

  async function stateOf(subject: string): Promise<readonly NodeState[]> {
    const message = await driver.lastOfLeader(stream, subject)
    return message === null ? [] : [readState(message.text)]
  }

  async function states(): Promise<readonly NodeState[]> {
    const subjects = await driver.subjectsOf(stream, names.node())
    return (await Promise.all(subjects.map(stateOf))).flat()
  }

  async function entryAt(subject: string): Promise<readonly DirectoryEntry[]> {
    const message = await driver.lastOfLeader(stream, subject)
    // Over, since its name was read.
    return message === null ? [] : [readDirectoryEntry(message.text)]
  }

  const nodes = async (now: EpochMs) => (await states()).filter(({ aliveUntil }) => aliveUntil > now)

  return { stateOf, states, nodes, entryAt }
}

function createStreamOfSessions(driver: NatsDriver, bucket: string) {
  const names = directorySubjectsOf(bucket)
  const { stream } = names
  const { stateOf, states, nodes, entryAt } = createReadings(driver, names)

  return {
    nodes,
    async tell(news: NodeNews, { now, asker }: Asking): Promise<boolean> {
      const { node, before, aliveUntil, count, present, gone } = news
      const [known = { aliveUntil: null }] = await stateOf(names.node(node))
      // First: where anything behind it fails, or comes late, the next word is out of step.
      await put(driver, { subject: names.node(node), text: JSON.stringify({ node, aliveUntil, count }) }, asker)
      await Promise.all([
        ...present.map((entry) =>
          put(driver, { subject: names.session(entry), text: writeDirectoryEntry(entry) }, asker),
        ),
        ...gone.map((session) => driver.drop(stream, names.session({ ...session, node }))),
      ])
      return known.aliveUntil === before && (before === null || before > now)
    },
    async list({ subject, after, most }: DirectoryQuery, { now, asker }: Asking): Promise<readonly DirectoryEntry[]> {
      const living = await nodes(now)
      const found = namesAt(living, await driver.subjectsOf(stream, names.session({ subject })))
        .filter(({ id }) => id > (after ?? ''))
        .sort((one, other) => (one.id < other.id ? -1 : 1))
      const entries: DirectoryEntry[] = []
      for (let at = 0; at < found.length && entries.length < most; at += most) {
        requireWaiting(asker)
        const some = await Promise.all(found.slice(at, at + most).map(({ name }) => entryAt(name)))
        entries.push(...some.flat())
      }
      return entries.slice(0, most)
    },
    /** Drops what nodes have told that are dead. */
    async sweep({ now, asker }: Asking): Promise<void> {
      for (const { node, aliveUntil } of await states()) {
        if (aliveUntil > now) continue
        // First: one that comes back meanwhile is out of step.
        await put(driver, { subject: names.node(node), text: JSON.stringify({ node, aliveUntil: 0, count: 0 }) }, asker)
        for (const filter of [names.session({ node }), names.node(node)]) await driver.drop(stream, filter)
      }
    },
  }
}

/** What is told by those that are alive. Of a session that two of them tell of it is what was said last. */
function namesAt(living: readonly NodeState[], subjects: readonly string[]) {
  const aliveUntil = new Map(living.map((state) => [state.node, state.aliveUntil]))
  const told = subjects
    .map((name) => ({ name, ...parseSessionSubject(name) }))
    .filter(({ node }) => aliveUntil.has(node))
    .sort((one, other) => Number(aliveUntil.get(one.node)) - Number(aliveUntil.get(other.node)))
  return [...new Map(told.map((one) => [one.id, one])).values()]
}

function readState(text: string): NodeState {
  const { node, aliveUntil, count } = JSON.parse(text) as { readonly [member: string]: unknown }
  if (typeof node === 'string' && Number.isSafeInteger(aliveUntil) && Number.isSafeInteger(count))
    return { node, aliveUntil: Number(aliveUntil), count: Number(count) }
  throw new StoreError('malformed', 'the session directory holds a node that is none')
}
