/**
 * Runs the tests that a Node can make a difference to under every Node of tools/nodes.
 *   node tools/test-nodes.mjs [major ...]
 */
import { spawnSync } from 'node:child_process'
import { readdirSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

const chosen = process.argv.slice(2)
const majors = chosen.length > 0 ? chosen : readdirSync(fileURLToPath(new URL('./nodes/', import.meta.url)))
const projects = ['unit', 'services', 'sqlite'].flatMap((project) => ['--project', project])

for (const major of majors) {
  const command = ['tools/with-node.mjs', major, 'vitest', 'run', ...projects]
  const { status } = spawnSync(process.execPath, command, { stdio: 'inherit' })
  console.log(`${status === 0 ? 'ok     ' : 'FAILED '} Node ${major}`)
  if (status !== 0) process.exitCode = 1
}
