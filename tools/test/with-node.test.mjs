import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'

const program = fileURLToPath(new URL('../with-node.mjs', import.meta.url))
const [running = ''] = process.versions.node.split('.')

/** @param {string[]} args */
function run(...args) {
  return spawnSync(process.execPath, [program, ...args], { encoding: 'utf8' })
}

describe('with-node', () => {
  it('runs a command, and fetches nothing where the Node that runs is the one', () => {
    const { stdout, status } = run(running, 'node', '-p', 'process.execPath')
    expect(stdout.trim()).toBe(process.execPath)
    expect(status).toBe(0)
  })

  it('exits with what the command exits with', () => {
    expect(run(running, 'node', '-e', 'process.exit(7)').status).toBe(7)
  })

  it('passes signals on, and exits as a shell would', async () => {
    const code = 'process.stdout.write("ready"); setInterval(() => {}, 1000)'
    const child = spawn(process.execPath, [program, running, 'node', '-e', code])
    await once(child.stdout, 'data')
    child.kill('SIGTERM')
    expect(await once(child, 'exit')).toEqual([143, null])
  })

  it.each([
    ['a Node that there is not', ['1', 'node'], 'There is no Node 1 in tools/nodes.'],
    ['no command', [running], 'Usage:'],
    ['no Node', ['vitest', 'run'], 'Usage:'],
    ['a command that there is not', [running, 'no-such-command'], 'no-such-command cannot be run: ENOENT'],
  ])('says what is wrong with %s', (_, args, message) => {
    const { stderr, status } = run(...args)
    expect(stderr).toContain(message)
    expect(status).toBe(2)
  })
})
