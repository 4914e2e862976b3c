/**
 * The conformance suite of the port `SessionDirectory`: what every directory does, on the engine that it is made for.
 *
 * ```ts
 * for (const { name, run } of sessionDirectoryConformance) test(name, () => runSessionDirectoryCase(run, createHarness))
 * ```
 * @module
 */
import type { EpochMs } from '../clock.ts'
import type { Subject } from '../credential.ts'
import { StoreError } from '../errors.ts'
import type { DirectoryEntry, NodeNews, SessionDirectory } from '../session-directory.ts'
import type { TicketId } from '../ticket.ts'
import { type ConformanceCase, expectSame, expectThat } from './conformance-case.ts'
import { later, newId } from './store-harness.ts'

/** An engine, ready for one case, with an empty directory. */
export interface SessionDirectoryHarness {
  /** Opens a handle. */
  open(): Promise<SessionDirectory>
  /** Opens another handle on the same directory, over a connection of its own. In one process's memory: the same directory. */
  openSecond(): Promise<SessionDirectory>
  /** Makes the engine lose all that the directory has. Null: by closing it nothing is left that could be asked. */
  readonly lose: (() => Promise<void>) | null
  /** Closes every directory that was opened, and removes what is left in the engine. Also after a case that failed. */
  dispose(): Promise<void>
}

/** A case of the suite. */
export type SessionDirectoryCase = ConformanceCase<SessionDirectoryHarness, 'lose'>

/**
 * Runs a case on a harness of its own, and disposes of it. Resolves with the reason where the harness cannot run it: a runner has to show
 * that as a skipped test.
 * @throws ConformanceFailure where the directory fails the case.
 */
export async function runSessionDirectoryCase(
  { needs = [], run }: SessionDirectoryCase,
  createHarness: () => SessionDirectoryHarness | Promise<SessionDirectoryHarness>,
): Promise<string | null> {
  const harness = await createHarness()
  try {
    const lacking = needs.find((need) => harness[need] === null)
    if (lacking !== undefined) return `needs ${lacking}`
    await run(harness)
    return null
  } finally {
    await harness.dispose()
  }
}

const alice = 'https://issuer.example#ümläut "1"' as Subject
const bob = 'https://issuer.example#bob' as Subject
const now = 1_800_000_000_123 as EpochMs
const leaseMs = 30_000

function entryOf(node: string, subject: Subject = alice): DirectoryEntry {
  return { id: newId(), node, subject, audience: 'chat', clientAddress: '2001:db8::1', since: now, until: null }
}

function newsOf(node: string, news: Partial<NodeNews> = {}): NodeNews {
  return {
    node,
    before: null,
    aliveUntil: later(now, leaseMs),
    count: news.present?.length ?? 0,
    present: [],
    gone: [],
    ...news,
  }
}

/** In the order in which they are listed. */
function textOf(entries: readonly DirectoryEntry[]): string {
  const byId = [...entries].sort((one, other) => (one.id < other.id ? -1 : 1))
  return JSON.stringify(
    byId.map(({ id, node, subject, audience, clientAddress, since, until }) => [
      id,
      node,
      subject,
      audience,
      clientAddress,
      since,
      until,
    ]),
  )
}

async function everybody(directory: SessionDirectory, at: EpochMs = now, subject: Subject | null = null) {
  return directory.list({ subject, after: null, most: 1000 }, at)
}

/** Every case. */
export const sessionDirectoryConformance: readonly SessionDirectoryCase[] = [
  {
    name: 'is empty at first',
    async run({ open }) {
      const directory = await open()
      expectSame('the entries', (await everybody(directory)).length, 0)
      expectSame('the count', await directory.count(now), 0)
    },
  },
  {
    name: 'lists on every handle what the nodes tell, as they tell it',
    async run({ open, openSecond }) {
      const handles = [await open(), await openSecond()] as const
      const entries = [
        entryOf('a-1'),
        { ...entryOf('a-1', bob), clientAddress: null, until: later(now, 1), audience: 'ä "\\ {}' },
        entryOf('B_2'),
      ]
      const [first, second, third] = entries as [DirectoryEntry, DirectoryEntry, DirectoryEntry]
      await handles[0].tell(newsOf('a-1', { present: [first, second] }), now)
      await handles[1].tell(newsOf('B_2', { present: [third] }), now)
      for (const handle of handles) {
        expectSame('everybody', textOf(await everybody(handle)), textOf(entries))
        expectSame('alice', textOf(await everybody(handle, now, alice)), textOf([first, third]))
        expectSame('bob', textOf(await everybody(handle, now, bob)), textOf([second]))
        expectSame('the count', await handle.count(now), 3)
      }
    },
  },
  {
    name: 'lists page by page, in the order of the ids, and leaves nobody out',
    async run({ open }) {
      const directory = await open()
      const entries = Array.from({ length: 25 }, (_, n) => entryOf(`node${n % 3}`, n % 5 === 0 ? bob : alice))
      for (const node of ['node0', 'node1', 'node2'])
        await directory.tell(newsOf(node, { present: entries.filter((entry) => entry.node === node) }), now)
      for (const [subject, expected] of [
        [null, entries],
        [bob, entries.filter((entry) => entry.subject === bob)],
      ] as const) {
        const listed: DirectoryEntry[] = []
        for (let after: TicketId | null = null; ; after = listed.at(-1)?.id ?? null) {
          const page: readonly DirectoryEntry[] = await directory.list({ subject, after, most: 4 }, now)
          expectThat(page.length <= 4, 'a page should have no more entries than were asked for')
          listed.push(...page)
          if (page.length < 4) break
        }
        expectSame(
          'the pages',
          JSON.stringify(listed.map(({ id }) => id)),
          JSON.stringify(expected.map(({ id }) => id).sort()),
        )
      }
    },
  },
  {
    name: 'changes what is told again, and removes what is gone',
    async run({ open }) {
      const directory = await open()
      const [stays, goes] = [entryOf('a'), entryOf('a')]
      await directory.tell(newsOf('a', { present: [stays, goes] }), now)
      const renewed = { ...stays, until: later(now, 60_000) }
      await directory.tell(newsOf('a', { count: 1, present: [renewed], gone: [goes, { ...goes, id: newId() }] }), now)
      expectSame('everybody', textOf(await everybody(directory)), textOf([renewed]))
      expectSame('alice', textOf(await everybody(directory, now, alice)), textOf([renewed]))
      expectSame('the count', await directory.count(now), 1)
    },
  },
  {
    name: 'lets no node remove an entry of another',
    async run({ open }) {
      const directory = await open()
      const entry = entryOf('a')
      await directory.tell(newsOf('a', { present: [entry] }), now)
      await directory.tell(newsOf('b', { gone: [entry] }), now)
      expectSame('everybody', textOf(await everybody(directory)), textOf([entry]))
    },
  },
  {
    name: 'tells a node that is in step from one whose words were lost, or came late',
    async run({ open, openSecond }) {
      const [directory, other] = [await open(), await openSecond()]
      const words = [1, 2, 3, 4].map((n) => later(now, leaseMs + n)) as [EpochMs, EpochMs, EpochMs, EpochMs]
      const say = async (before: EpochMs | null, aliveUntil: EpochMs, handle = directory) =>
        handle.tell(newsOf('a', { before, aliveUntil }), now)
      expectSame('a word before which there was another', await say(words[0], words[0]), 'out_of_step')
      expectSame('the next', await say(words[0], words[1], other), 'in_step')
      expectSame('the one after that', await say(words[1], words[2]), 'in_step')
      expectSame('one that does not know of that', await say(words[1], words[3]), 'out_of_step')
      expectSame('a first word, where there was one', await say(null, words[3]), 'out_of_step')
    },
  },
  {
    name: 'forgets a node that is silent, and is not in step with it when it comes back',
    async run({ open, openSecond }) {
      const [directory, other] = [await open(), await openSecond()]
      const [old, young] = [entryOf('a'), entryOf('a')]
      const dead = later(now, leaseMs)
      expectSame('the first word', await directory.tell(newsOf('a', { present: [old] }), now), 'in_step')
      expectSame('everybody, a moment before', (await everybody(other, later(now, leaseMs - 1))).length, 1)
      await other.tell(newsOf('b', { aliveUntil: later(dead, leaseMs) }), dead)
      expectSame('everybody', (await everybody(other, dead)).length, 0)
      expectSame('alice', (await everybody(other, dead, alice)).length, 0)
      expectSame('the count', await other.count(dead), 0)
      const back = newsOf('a', { before: dead, aliveUntil: later(dead, leaseMs), present: [young] })
      expectSame('its word after that', await directory.tell(back, dead), 'out_of_step')
    },
  },
  {
    name: 'lists once what a node tells that goes on under another name, and nothing of the old one',
    async run({ open, openSecond }) {
      const [directory, other] = [await open(), await openSecond()]
      const entries = Array.from({ length: 5 }, () => entryOf('old'))
      await directory.tell(newsOf('old', { present: entries }), now)
      const renamed = entries.slice(1).map((entry) => ({ ...entry, node: 'new' }))
      // Before the old one is ended, and after.
      await other.tell(newsOf('new', { present: renamed }), now)
      expectSame('how many are listed of those', new Set((await everybody(other)).map(({ id }) => id)).size, 5)
      await directory.tell(newsOf('old', { before: later(now, leaseMs), aliveUntil: now, count: 0 }), now)
      for (let round = 1; round <= 3; round += 1) {
        expectSame('everybody', textOf(await everybody(directory)), textOf(renamed))
        expectSame('alice', textOf(await everybody(directory, now, alice)), textOf(renamed))
        expectSame('the count', await directory.count(now), 4)
        await other.tell(newsOf('third', { aliveUntil: later(now, leaseMs + round) }), now)
      }
    },
  },
  {
    name: 'removes what a dead node has told, so that nothing of it comes back',
    async run({ open, openSecond }) {
      const [directory, other] = [await open(), await openSecond()]
      await directory.tell(newsOf('a', { present: Array.from({ length: 150 }, () => entryOf('a')) }), now)
      // Often enough, and long enough, for everybody who removes it in passing.
      for (let round = 1; round <= 5; round += 1) {
        const then = later(now, leaseMs + round * 20_000)
        await other.tell(newsOf('b', { aliveUntil: later(then, leaseMs) }), then)
        await new Promise((resolve) => setTimeout(resolve, 60))
      }
      const then = later(now, leaseMs + 200_000)
      await directory.tell(newsOf('a', { aliveUntil: later(then, leaseMs) }), then)
      expectSame('what is left of it', (await everybody(other, then)).length, 0)
    },
  },
  {
    name: 'is not in step with a node where the engine has lost it',
    needs: ['lose'],
    async run({ open, lose }) {
      const directory = await open()
      const entry = entryOf('a')
      await directory.tell(newsOf('a', { present: [entry] }), now)
      await lose?.()
      const next = newsOf('a', { before: later(now, leaseMs), aliveUntil: later(now, leaseMs + 1), count: 1 })
      expectSame('its next word', await directory.tell(next, now), 'out_of_step')
      await directory.tell(newsOf('b', { present: [{ ...entry, node: 'b' }] }), now)
      expectSame('everybody', textOf(await everybody(directory)), textOf([{ ...entry, node: 'b' }]))
    },
  },
  {
    name: 'keeps apart what many nodes tell at the same time',
    async run({ open, openSecond }) {
      const handles = [await open(), await openSecond()]
      const nodes = Array.from({ length: 6 }, (_, n) => `node${n}`)
      const tellAll = async (node: string, n: number) => {
        for (let round = 1; round <= 8; round += 1)
          await handles[n % 2]?.tell(newsOf(node, { count: round, present: [entryOf(node)] }), now)
      }
      await Promise.all(nodes.map(tellAll))
      expectSame('everybody', (await everybody(handles[0] as SessionDirectory)).length, 48)
      expectSame('the count', await handles[1]?.count(now), 48)
    },
  },
  {
    name: 'says that it is closed, once it is',
    async run({ open }) {
      const directory = await open()
      await directory.close()
      for (const asked of [
        () => directory.tell(newsOf('a'), now),
        () => everybody(directory),
        () => directory.count(now),
      ]) {
        const error = await asked().then(
          () => null,
          (thrown: unknown) => thrown,
        )
        expectThat(
          error instanceof StoreError && error.code === 'closed',
          'a closed directory should throw a StoreError closed',
        )
      }
    },
  },
]
