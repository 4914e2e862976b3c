import { expect, it } from 'vitest'
import { watch } from 'wsticket-corpus/watch'
import { createMemoryQuota } from '../../src/quotas/memory.ts'
import type { TicketId } from '../../src/ticket.ts'
import { at, start } from '../core/fixtures.ts'
import { anybody, describeQuota } from './quota-suite.ts'

const quota = createMemoryQuota()
describeQuota(() => ({ handles: [quota, quota] }))

it('keeps nothing of tickets that are over', async () => {
  const many = createMemoryQuota()
  const claim = (n: number) =>
    many.claim({ id: `${n}` as TicketId, subject: anybody(), expiresAt: at(start + n + 10) }, 5, at(start + n))
  const { keptBytes } = await watch(async () => {
    for (let n = 0; n < 100_000; n++) await claim(n)
  })
  // The subjects alone would take 90 MB.
  expect(keptBytes).toBeLessThan(30_000_000)
  expect(await claim(0)).toBe(0)
})
