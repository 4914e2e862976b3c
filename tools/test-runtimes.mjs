/**
 * Tries the built client in what it is made for beside browsers, against a real server: Bun, Deno, workerd, and every Node of tools/nodes. What is not there
 * is fetched.
 *   npm run test:runtimes                     all of them
 *   npm run test:runtimes -- Bun "Node 26"    these
 */
import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { setTimeout as pause } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { rolldown } from 'rolldown'
import { startServer } from './runtimes/server.mjs'

if (process.platform !== 'linux' || process.arch !== 'x64') {
  console.log(`This is ${process.platform} ${process.arch}, for which no runtimes can be fetched: nothing was tried.`)
  process.exit()
}
const folder = fileURLToPath(new URL('./runtimes/', import.meta.url))
const program = join(folder, 'process.mjs')
const modules = join(folder, 'node_modules')
const deadlineMs = 60_000
const configuration = `
using Workerd = import "/workerd/workerd.capnp";
const config :Workerd.Config = (
  services = [
    (name = "main", worker = (
      modules = [(name = "worker", esModule = embed "worker.mjs")],
      compatibilityDate = "2025-10-01",
    )),
    (name = "internet", network = (allow = ["private", "local"])),
  ],
  sockets = [(name = "http", address = "127.0.0.1:0", http = (), service = "main")],
);
`
fetchRuntimes()

const server = await startServer()
const place = [`http://${server.host}/tickets`, `ws://${server.host}`]
const withNode = fileURLToPath(new URL('./with-node.mjs', import.meta.url))
const trials = {
  Bun: () => tryProcess(join(modules, '@oven/bun-linux-x64/bin/bun'), [program, ...place]),
  Deno: () => tryProcess(join(modules, '@deno/linux-x64-glibc/deno'), ['run', '--allow-net', program, ...place]),
  workerd: tryWorker,
  ...Object.fromEntries(
    ['22', '24', '26'].map((major) => [
      `Node ${major}`,
      () => tryProcess(process.execPath, [withNode, major, 'node', program, ...place]),
    ]),
  ),
}
const chosen = process.argv.slice(2)
const unknown = chosen.filter((name) => !(name in trials))
if (unknown.length > 0) {
  console.error(`There are ${Object.keys(trials).join(', ')}, and no ${unknown.join(', ')}.`)
  process.exit(2)
}
for (const [name, attempt] of Object.entries(trials)) {
  if (chosen.length > 0 && !chosen.includes(name)) continue
  const wrong = await attempt().catch((error) => [String(error)])
  console.log(`${wrong.length === 0 ? 'ok     ' : 'FAILED '} ${name}`)
  for (const line of wrong) console.log(`        ${line}`)
  if (wrong.length > 0) process.exitCode = 1
}
server.stop()

function fetchRuntimes() {
  const wanted = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')).optionalDependencies
  const isThere = Object.entries(wanted).every(([name, version]) => {
    const manifest = join(modules, name, 'package.json')
    return existsSync(manifest) && JSON.parse(readFileSync(manifest, 'utf8')).version === version
  })
  if (isThere) return
  console.log('Fetching Bun, Deno and workerd into tools/runtimes.')
  const { status } = spawnSync('npm', ['ci', '--prefix', folder, '--ignore-scripts'], { stdio: 'inherit' })
  if (status !== 0) throw new Error('The runtimes could not be fetched.')
}

/**
 * @param {string} command @param {string[]} args
 * @returns {Promise<string[]>} what is wrong
 */
async function tryProcess(command, args) {
  const child = spawn(command, args, { stdio: ['ignore', 'pipe', 'pipe'], timeout: deadlineMs, killSignal: 'SIGKILL' })
  const failed = once(child, 'error').then(([error]) => [String(error)])
  const [said = '', complained = ''] = await Promise.race([
    failed,
    Promise.all([text(child.stdout), text(child.stderr)]),
  ])
  const verdict = said.trim().split('\n').at(-1) ?? ''
  return verdict.startsWith('[') ? JSON.parse(verdict) : [`it said ${said}${complained}`]
}

/** @returns {Promise<string[]>} what is wrong */
async function tryWorker() {
  const own = mkdtempSync(join(tmpdir(), 'wsticket-worker-'))
  try {
    const bundle = await rolldown({ input: join(folder, 'worker.mjs') })
    await bundle.write({ file: join(own, 'worker.mjs') })
    writeFileSync(join(own, 'worker.capnp'), configuration)
    const command = join(modules, '@cloudflare/workerd-linux-64/bin/workerd')
    const worker = spawn(command, ['serve', join(own, 'worker.capnp'), '--control-fd=3'], {
      stdio: ['ignore', 'inherit', 'inherit', 'pipe'],
    })
    const ended = once(worker, 'exit')
    try {
      const signal = AbortSignal.timeout(deadlineMs)
      const [line] = await once(/** @type {import('node:stream').Readable} */ (worker.stdio[3]), 'data', { signal })
      const { port } = JSON.parse(String(line).split('\n')[0] ?? '')
      const query = new URLSearchParams({ tickets: place[0] ?? '', sockets: place[1] ?? '' })
      const ask = async (/** @type {string} */ path) => {
        const answer = await fetch(`http://127.0.0.1:${port}${path}?${query}`, { signal })
        return answer.ok ? await answer.json() : [await answer.text()]
      }
      const wrong = await ask('/')
      const first = await ask('/shared')
      // As long as Retry-After says, and a second.
      await pause(3500)
      const later = await ask('/shared')
      const seen = [first, later].join()
      return seen === 'ready,close,waiting,open' ? wrong : [...wrong, `a class for all requests went ${seen}`]
    } finally {
      // It may stay for a socket that closes.
      worker.kill('SIGKILL')
      await ended
    }
  } finally {
    rmSync(own, { recursive: true })
  }
}
