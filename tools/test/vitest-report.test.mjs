import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { readCounts } from '../vitest-report.mjs'

let folder = ''

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'vitest-report-'))
})

afterEach(() => rmSync(folder, { recursive: true }))

function reportOf(/** @type {object} */ counts) {
  const path = join(folder, 'unit.json')
  const zero = { numPassedTests: 0, numFailedTests: 0, numPendingTests: 0, numTodoTests: 0, testResults: [] }
  writeFileSync(path, JSON.stringify({ ...zero, ...counts }))
  return path
}

describe('readCounts', () => {
  it('counts tests', () => {
    const path = reportOf({ numPassedTests: 5, numFailedTests: 2, numPendingTests: 1, numTodoTests: 1 })
    expect(readCounts(path, false)).toEqual({ passed: 5, failed: 2, skipped: 2 })
  })

  it('counts a file that could not be loaded as one failure', () => {
    const testResults = [
      { status: 'failed', assertionResults: [] },
      { status: 'failed', assertionResults: [{ status: 'failed' }] },
    ]
    expect(readCounts(reportOf({ numPassedTests: 5, numFailedTests: 1, testResults }), false).failed).toBe(2)
  })

  it('counts a run that fails without a failed test as one failure', () => {
    expect(readCounts(reportOf({ numPassedTests: 5 }), false)).toEqual({ passed: 5, failed: 1, skipped: 0 })
  })

  it('counts a run that never reported as one failure', () => {
    expect(readCounts(join(folder, 'none.json'), false)).toEqual({ passed: 0, failed: 1, skipped: 0 })
    expect(readCounts(join(folder, 'none.json'), true)).toEqual({ passed: 0, failed: 1, skipped: 0 })
  })

  it('counts a run in which nothing passed as one failure', () => {
    expect(readCounts(reportOf({ numPendingTests: 3 }), true)).toEqual({ passed: 0, failed: 1, skipped: 3 })
  })
})
