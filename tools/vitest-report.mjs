/**
 * Counts what a vitest run came to.
 * @module
 */
import { existsSync, readFileSync, writeFileSync } from 'node:fs'

/**
 * @typedef {object} Counts
 * @property {number} passed
 * @property {number} failed
 * @property {number} skipped
 */

/**
 * Reads vitest's JSON report. A file that could not be loaded, and a run that fails without a failed test (an unhandled
 * rejection, a crash before the report is written), count as one failure each; so does a run in which nothing passed.
 * @param {string} path
 * @param {boolean} succeeded whether vitest exited with 0
 * @returns {Counts}
 */
export function readCounts(path, succeeded) {
  if (!existsSync(path)) return { passed: 0, failed: 1, skipped: 0 }
  const report = JSON.parse(readFileSync(path, 'utf8'))
  // One value a line: whoever finds a secret in a title can then say in which.
  writeFileSync(path, JSON.stringify(report, null, 1))
  const brokenFiles = report.testResults.filter(isBroken).length
  const failed = report.numFailedTests + brokenFiles
  return {
    passed: report.numPassedTests,
    failed: failed === 0 && (!succeeded || report.numPassedTests === 0) ? 1 : failed,
    skipped: report.numPendingTests + report.numTodoTests,
  }
}

/** @param {{ status: string, assertionResults: { status: string }[] }} file @returns {boolean} */
function isBroken({ status, assertionResults }) {
  return status === 'failed' && assertionResults.every((assertion) => assertion.status !== 'failed')
}
