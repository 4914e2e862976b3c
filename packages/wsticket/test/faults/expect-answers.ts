/**
 * What stores answered, held against what they should have, on a machine that many share.
 * @module
 */
import { expect } from 'vitest'
import type { Answer, Answers } from './tally.ts'

/** That there were as many of each answer, but for a quarter at the most that came too late to be one: whoever asked was let in by nobody. */
export function expectAnswers({ unavailable = 0, ...decided }: Answers, due: Answers): void {
  const all = sumOf(due)
  expect(sumOf(decided) + unavailable).toBe(all)
  for (const [answer, count] of Object.entries(decided)) expect([answer, count]).toEqual([answer, upTo(due, answer)])
  expect(unavailable).toBeLessThanOrEqual(all / 4)
}

function upTo(due: Answers, answer: string): unknown {
  const most = due[answer as Answer] ?? 0
  return expect.toSatisfy((count: number) => count <= most, `at most ${most}`)
}

function sumOf(answers: Answers): number {
  return Object.values(answers).reduce((sum, count) => sum + count, 0)
}
