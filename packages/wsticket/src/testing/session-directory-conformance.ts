/**
 * The conformance suite of the port `SessionDirectory`: what every directory does, on the engine that it is made for.
 *
 * ```ts
 * for (const { name, run } of sessionDirectoryConformance) test(name, () => runSessionDirectoryCase(run, createHarness))
 * ```
 * @module
 */
import { StoreError } from '../errors.ts'
import type { DirectoryEntry, SessionDirectory } from '../session-directory.ts'
import type { TicketId } from '../ticket.ts'
import { expectSame, expectThat } from './conformance-case.ts'
import {
  alice,
  bob,
  entryOf,
  everybody,
  newsOf,
  now,
  type SessionDirectoryCase,
  type SessionDirectoryHarness,
  textOf,
} from './session-directory-stage.ts'
import { sessionDirectorySteps } from './session-directory-steps.ts'
import { later, newId } from './store-harness.ts'

export type { SessionDirectoryCase, SessionDirectoryHarness } from './session-directory-stage.ts'

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
  ...sessionDirectorySteps,
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
