/**
 * Runs the tests that a Node can make a difference to under every Node of tools/nodes.
 *   node tools/test-nodes.mjs [major ...]
 */
import { spawnSync } from 'node:child_process'
import { readdirSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

const chosen = process.argv.slice(2)
const majors = chosen.length > 0 ? chosen : readdirSync(fileURLToPath(new URL('./nodes/', import.meta.url)))
// One after another: they have different numbers of workers.
const projects = ['unit', 'services', 'sqlite']

for (const major of majors) {
  const failed = projects.filter((project) => !passes(major, project))
  console.log(failed.length === 0 ? `ok      Node ${major}` : `FAILED  Node ${major}: ${failed.join(' ')}`)
  if (failed.length > 0) process.exitCode = 1
}

/** @param {string} major @param {string} project @returns {boolean} */
function passes(major, project) {
  const command = ['tools/with-node.mjs', major, 'vitest', 'run', '--project', project]
  return spawnSync(process.execPath, command, { stdio: 'inherit' }).status === 0
}
