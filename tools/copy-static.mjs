/**
 * Copies the playground's files that need no compiler to where the gateway serves them.
 *   node tools/copy-static.mjs
 */
import { cp, mkdir, readdir } from 'node:fs/promises'
import { extname } from 'node:path'

const from = new URL('../packages/playground/src/', import.meta.url)
const to = new URL('../packages/gateway/dist/playground/', import.meta.url)
const staticKinds = new Set(['.html', '.css', '.svg'])

await mkdir(to, { recursive: true })
const names = (await readdir(from)).filter((name) => staticKinds.has(extname(name)))
await Promise.all(names.map((name) => cp(new URL(name, from), new URL(name, to))))
