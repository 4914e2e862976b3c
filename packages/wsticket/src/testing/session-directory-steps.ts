/**
 * Cases of the suite for session directories: nodes that are silent, go on under another name, or whose words are lost.
 * @module
 */
import type { EpochMs } from '../clock.ts'
import { expectSame, expectThat } from './conformance-case.ts'
import {
  alice,
  entryOf,
  everybody,
  leaseMs,
  newsOf,
  now,
  type SessionDirectoryCase,
  textOf,
} from './session-directory-stage.ts'
import { later } from './store-harness.ts'

const looks = 7
const firstPauseMs = 20

/**
 * For what a directory does in passing, and nobody waits for: tells it to and looks whether it is done, again and again, each time after a pause
 * twice as long. A directory may do nothing where it was told the same a moment ago. False where it is not after two and a half seconds of pauses.
 */
async function inPassing(
  begin: (round: number) => Promise<unknown>,
  isDone: (round: number) => Promise<boolean>,
): Promise<boolean> {
  for (let round = 0; round < looks; round += 1) {
    await begin(round)
    await new Promise((resolve) => setTimeout(resolve, firstPauseMs * 2 ** round))
    if (await isDone(round)) return true
  }
  return false
}

/** Those cases. */
export const sessionDirectorySteps: readonly SessionDirectoryCase[] = [
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
    name: 'takes nothing back where a word of the old name comes late',
    async run({ open, openSecond }) {
      const [directory, other] = [await open(), await openSecond()]
      const entry = entryOf('old')
      await directory.tell(newsOf('old', { aliveUntil: later(now, 1000), present: [entry] }), now)
      await other.tell(newsOf('old', { before: later(now, 1000), aliveUntil: now, count: 0 }), now)
      await other.tell(newsOf('new', { present: [{ ...entry, node: 'new' }] }), now)
      const late = newsOf('old', { before: later(now, 1000), aliveUntil: later(now, 2000), present: [entry] })
      await directory.tell(late, now)
      for (const at of [now, later(now, 3000)])
        for (const subject of [null, alice])
          expectSame('what is listed', textOf(await everybody(other, at, subject)), textOf([{ ...entry, node: 'new' }]))
    },
  },
  {
    name: 'removes what a dead node has told, so that nothing of it comes back',
    async run({ open, openSecond }) {
      const [directory, other] = [await open(), await openSecond()]
      await directory.tell(newsOf('a', { present: Array.from({ length: 150 }, () => entryOf('a')) }), now)
      const back = entryOf('a')
      // It is dead again each time.
      const thenIn = (round: number) => later(now, leaseMs + round * 2 * leaseMs)
      const isGone = await inPassing(
        (round) => other.tell(newsOf('b', { aliveUntil: later(thenIn(round), leaseMs) }), thenIn(round)),
        async (round) => {
          const then = thenIn(round)
          await directory.tell(newsOf('a', { aliveUntil: later(then, leaseMs), present: [back] }), then)
          return textOf(await everybody(other, then)) === textOf([back])
        },
      )
      expectThat(isGone, 'of a node that comes back, nothing should be listed but what it tells then')
    },
  },
  {
    name: 'is not in step with a node of which something was removed, whatever its clock says',
    async run({ open, openSecond }) {
      const [directory, other] = [await open(), await openSecond()]
      const entries = [1, 2, 3].map(() => entryOf('a'))
      const dead = later(now, leaseMs)
      await directory.tell(newsOf('a', { present: entries }), now)
      const behind = later(dead, -1)
      // Who removes nothing yet is in step, and that is as good.
      await inPassing(
        () => other.tell(newsOf('b', { aliveUntil: later(dead, leaseMs) }), dead),
        async () => (await everybody(other, behind)).length === 0,
      )
      const word = newsOf('a', { before: dead, aliveUntil: later(dead, leaseMs), count: 3 })
      const step = await directory.tell(word, behind)
      const isWhole = (await everybody(other, behind)).length === 3
      expectThat(step === 'out_of_step' || isWhole, 'a node should be told that something of it is gone')
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
]
