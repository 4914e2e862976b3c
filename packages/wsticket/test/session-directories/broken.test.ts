/** The suite for session directories finds out one that is broken. */
import { describe, expect, it } from 'vitest'
import { createMemorySessionDirectory } from '../../src/session-directories/memory.ts'
import type { NodeNews, SessionDirectory } from '../../src/session-directory.ts'
import {
  runSessionDirectoryCase,
  sessionDirectoryConformance,
} from '../../src/testing/session-directory-conformance.ts'

type Break = (whole: SessionDirectory) => Partial<SessionDirectory>

const telling =
  (change: (news: NodeNews) => NodeNews): Break =>
  ({ tell }) => ({ tell: (news, now) => tell(change(news), now) })

const broken: { readonly [what: string]: Break } = {
  'is always in step': ({ tell }) => ({
    async tell(news, now) {
      await tell(news, now)
      return 'in_step'
    },
  }),
  'is never in step': ({ tell }) => ({
    async tell(news, now) {
      await tell(news, now)
      return 'out_of_step'
    },
  }),
  'keeps what is gone': telling((news) => ({ ...news, gone: [] })),
  'never lets a node die': telling((news) => ({
    ...news,
    aliveUntil: (news.aliveUntil * 2) as NodeNews['aliveUntil'],
  })),
  'forgets the last of what it is told': telling((news) => ({ ...news, present: news.present.slice(0, -1) })),
  'counts nobody': () => ({ count: async () => 0 }),
  'counts what is listed': ({ list }) => ({
    count: async (now) => (await list({ subject: null, after: null, most: 1000 }, now)).length + 1,
  }),
  'lists everybody, whoever is asked for': ({ list }) => ({
    list: (query, now) => list({ ...query, subject: null }, now),
  }),
  'begins each page anew': ({ list }) => ({ list: (query, now) => list({ ...query, most: 1000, after: null }, now) }),
  'lists in the order in which it was told': ({ list }) => ({
    list: async (query, now) => [...(await list(query, now))].sort((one, other) => one.node.localeCompare(other.node)),
  }),
  'loses the end of a session': ({ list }) => ({
    list: async (query, now) => (await list(query, now)).map((entry) => ({ ...entry, until: null })),
  }),
  'answers once it is closed': () => ({ close: async () => {} }),
}

describe('the suite for session directories finds out one that', () => {
  for (const [what, breaking] of Object.entries(broken)) {
    it(what, async () => {
      const outcomes = await Promise.allSettled(
        sessionDirectoryConformance.map((one) =>
          runSessionDirectoryCase(one, () => {
            const whole = createMemorySessionDirectory()
            const directory = { ...whole, ...breaking(whole) }
            const open = async () => directory
            return { open, openSecond: open, lose: null, dispose: async () => {} }
          }),
        ),
      )
      expect(outcomes.filter(({ status }) => status === 'rejected').length).toBeGreaterThan(0)
    })
  }
})
