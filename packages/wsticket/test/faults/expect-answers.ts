/**
 * What stores answered, held against what they should have, on a machine that many share.
 * @module
 */
import { expect } from 'vitest'
import type { Answer, Answers } from './tally.ts'

/** That there were as many of each answer, but for a quarter of each at the most that came too late to be one. */
export function expectAnswers({ unavailable = 0, ...rest }: Answers, due: Answers): void {
  const decided: Answers = rest
  expect(sumOf(decided) + unavailable).toBe(sumOf(due))
  for (const answer of Object.keys({ ...decided, ...due }) as Answer[]) {
    const [count = 0, most = 0] = [decided[answer], due[answer]]
    expect(count, answer).toBeLessThanOrEqual(most)
    expect(count, answer).toBeGreaterThanOrEqual(0.75 * most)
  }
}

function sumOf(answers: Answers): number {
  return Object.values(answers).reduce((sum, count) => sum + count, 0)
}
