/**
 * The conformance suite of the port `SessionLog`: what every log does, on the engine that it is made for.
 *
 * ```ts
 * for (const { name, run } of sessionLogConformance) test(name, () => runSessionLogCase(run, createHarness))
 * ```
 * @module
 */
import type { EpochMs } from '../clock.ts'
import type { Subject } from '../credential.ts'
import { StoreError } from '../errors.ts'
import { entryAgeMs, type LoggedEntry, type LogPosition, type SessionEntry, type SessionLog } from '../session-log.ts'
import { type ConformanceCase, expectSame, expectThat } from './conformance-case.ts'
import type { MovableClock } from './movable-clock.ts'
import { later, newId } from './store-harness.ts'

export { createMovableClock, type MovableClock } from './movable-clock.ts'

/** An engine, ready for one case, with an empty log. */
export interface SessionLogHarness {
  /** MUST be handed to logs that take a clock. Starts at the time that the engine has. */
  readonly clock: MovableClock
  /** Opens a handle. */
  open(): Promise<SessionLog>
  /** Opens another handle on the same log, over a connection of its own. In one process's memory: the same log. */
  openSecond(): Promise<SessionLog>
  /** Makes the log lose all that it has, as an engine does that is put back. Null: by closing it nothing is left that could be asked. */
  readonly lose: (() => Promise<void>) | null
  /** Whether entries are dropped by the harness's clock; false where the engine goes by its own. */
  readonly obeysClock: boolean
  /** Closes every log that was opened, and removes what is left in the engine. Also after a case that failed. */
  dispose(): Promise<void>
}

/** A case of the suite. */
export type SessionLogCase = ConformanceCase<SessionLogHarness, 'lose' | 'obeysClock'>

/**
 * Runs a case on a harness of its own, and disposes of it. Resolves with the reason where the harness cannot run it: a runner has to show
 * that as a skipped test.
 * @throws ConformanceFailure where the log fails the case.
 */
export async function runSessionLogCase(
  { needs = [], run }: SessionLogCase,
  createHarness: () => SessionLogHarness | Promise<SessionLogHarness>,
): Promise<string | null> {
  const harness = await createHarness()
  try {
    const lacking = needs.find((need) => harness[need] === null || harness[need] === false)
    if (lacking !== undefined) return `needs ${lacking}`
    await run(harness)
    return null
  } finally {
    await harness.dispose()
  }
}

const subject = 'https://issuer.example#ümläut "1"' as Subject
const instant = 1_800_000_000_123 as EpochMs

/** One entry of each kind, with each selector. */
function everyEntry(): readonly SessionEntry[] {
  const id = newId()
  return [
    { kind: 'revocation', selector: { kind: 'subject', subject }, at: instant },
    { kind: 'revocation', selector: { kind: 'session', id, subject: null }, at: instant },
    { kind: 'revocation', selector: { kind: 'session', id, subject }, at: instant },
    { kind: 'revocation', selector: { kind: 'audience', audience: 'chat' }, at: instant },
    { kind: 'revocation', selector: { kind: 'everything' }, at: instant },
    { kind: 'renewal', id, subject, expiresAt: later(instant, 1), at: instant },
    { kind: 'renewal', id, subject, expiresAt: null, at: instant },
    { kind: 'renewed', id, subject, expiresAt: null },
    { kind: 'refused', id, code: 'address_mismatch' },
    { kind: 'displacement', id, subject },
  ]
}

function revocationOf(name: string): SessionEntry {
  return {
    kind: 'revocation',
    selector: { kind: 'subject', subject: `https://issuer.example#${name}` as Subject },
    at: instant,
  }
}

async function entriesAfter(
  log: SessionLog,
  position: LogPosition | null,
  most = 1000,
): Promise<readonly LoggedEntry[]> {
  const entries = await log.readAfter(position, most)
  expectThat(entries !== 'lost', 'the log should have the entry at that position')
  return entries
}

function textOf(entries: readonly (LoggedEntry | SessionEntry)[]): string {
  return JSON.stringify(entries.map((entry) => sorted('position' in entry ? entry.entry : entry)))
}

/** The same text for the same members, in whichever order they stand. */
function sorted(value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return value
  const members = Object.entries(value).sort(([one], [other]) => (one < other ? -1 : 1))
  return members.map(([name, member]) => [name, sorted(member)])
}

/** Every case. */
export const sessionLogConformance: readonly SessionLogCase[] = [
  {
    name: 'is empty at first',
    async run({ open }) {
      expectSame('the number of entries', (await entriesAfter(await open(), null)).length, 0)
    },
  },
  {
    name: 'gives every kind of entry back as it was written, in order',
    async run({ open, openSecond }) {
      const log = await open()
      const entries = everyEntry()
      for (const entry of entries) await log.append(entry)
      for (const handle of [log, await openSecond()])
        expectSame('the log', textOf(await entriesAfter(handle, null)), textOf(entries))
    },
  },
  {
    name: 'reads on behind a position, and no more than it is asked for',
    async run({ open }) {
      const log = await open()
      const positions: LogPosition[] = []
      for (const name of ['a', 'b', 'c', 'd']) positions.push(await log.append(revocationOf(name)))
      const [, b, , d] = positions as [LogPosition, LogPosition, LogPosition, LogPosition]
      expectSame('what is behind b', textOf(await entriesAfter(log, b)), textOf(['c', 'd'].map(revocationOf)))
      expectSame('one behind b', textOf(await entriesAfter(log, b, 1)), textOf([revocationOf('c')]))
      expectSame('what is behind the last', (await entriesAfter(log, d)).length, 0)
      const all = await entriesAfter(log, null)
      expectSame('the positions', all.map(({ position }) => position).join(), positions.join())
    },
  },
  {
    name: 'tells a handle what another wrote, also behind a position that it has from elsewhere',
    async run({ open, openSecond }) {
      const one = await open()
      const other = await openSecond()
      const position = await one.append(revocationOf('a'))
      await other.append(revocationOf('b'))
      expectSame('what is behind it', textOf(await entriesAfter(other, position)), textOf([revocationOf('b')]))
    },
  },
  {
    name: 'leaves nothing out where many write and one reads at the same time',
    async run({ open, openSecond }) {
      const handles = [await open(), await openSecond()]
      const reader = await openSecond()
      const written = new Set<string>()
      let position: LogPosition | null = null
      let seen = 0
      let writing = true
      const write = async (handle: SessionLog, name: string) => {
        for (let n = 0; n < 25; n += 1) written.add(await handle.append(revocationOf(`${name}${n}`)))
      }
      const writers = Promise.all(handles.flatMap((handle, h) => [0, 1, 2].map((w) => write(handle, `${h}-${w}-`))))
      const done = writers.then(() => {
        writing = false
      })
      for (let isLast = false; ; ) {
        isLast = !writing
        for (const entry of await entriesAfter(reader, position, 7)) {
          position = entry.position
          seen += 1
        }
        if (isLast && (await entriesAfter(reader, position, 1)).length === 0) break
      }
      await done
      expectSame('the entries that were read', seen, written.size)
      expectSame('the entries that were written', written.size, handles.length * 3 * 25)
    },
  },
  {
    name: 'says that it is lost what it does not have any more',
    needs: ['lose'],
    async run({ open, lose }) {
      const log = await open()
      const position = await log.append(revocationOf('a'))
      await lose?.()
      await log.append(revocationOf('b'))
      expectSame('what is behind the lost position', await log.readAfter(position, 10), 'lost')
      expectSame('what there is', textOf(await entriesAfter(log, null)), textOf([revocationOf('b')]))
    },
  },
  {
    name: 'keeps an entry until the one behind it is old, and no longer',
    needs: ['obeysClock'],
    async run({ open, clock }) {
      const log = await open()
      const a = await log.append(revocationOf('a'))
      clock.advance(2 * entryAgeMs)
      const b = await log.append(revocationOf('b'))
      const c = await log.append(revocationOf('c'))
      expectSame('what is behind a', textOf(await entriesAfter(log, a)), textOf(['b', 'c'].map(revocationOf)))
      clock.advance(entryAgeMs)
      await log.append(revocationOf('d'))
      expectSame('what is behind a, later', await log.readAfter(a, 10), 'lost')
      expectSame('what is behind b, later', await log.readAfter(b, 10), 'lost')
      expectSame('what is behind c', textOf(await entriesAfter(log, c)), textOf([revocationOf('d')]))
    },
  },
  {
    name: 'says that it is closed, once it is',
    async run({ open }) {
      const log = await open()
      await log.close()
      for (const asked of [() => log.append(revocationOf('a')), () => log.readAfter(null, 1)]) {
        const error = await asked().then(
          () => null,
          (thrown: unknown) => thrown,
        )
        expectThat(
          error instanceof StoreError && error.code === 'closed',
          'a closed log should throw a StoreError closed',
        )
      }
    },
  },
]
