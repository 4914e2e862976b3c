/**
 * Holds the client against its budget: what a page loads of it, bundled, minified and compressed by brotli.
 *   node tools/check-client-size.mjs
 */
import { fileURLToPath } from 'node:url'
import { brotliCompressSync } from 'node:zlib'
import { rolldown } from 'rolldown'

const client = fileURLToPath(new URL('../packages/wsticket/dist/client/index.js', import.meta.url))
// A little above what they are: docs/decisions/0025 says why not less.
const budgets = {
  'everything of wsticket/client': { code: `export * from '${client}'`, bytes: 7232 },
  'createTicketWebSocket alone': { code: `export { createTicketWebSocket } from '${client}'`, bytes: 6016 },
  'createTicketEventSource alone': { code: `export { createTicketEventSource } from '${client}'`, bytes: 5696 },
}

for (const [what, { code, bytes: most }] of Object.entries(budgets)) {
  const bytes = brotliCompressSync(await bundled(code)).length
  console.log(`${what}: ${bytes} bytes, ${most} at most`)
  if (bytes > most) process.exitCode = 1
}

/** @param {string} code */
async function bundled(code) {
  const entry = 'budget-entry.js'
  const plugin = {
    name: 'entry',
    resolveId: (/** @type {string} */ id) => (id === entry ? id : null),
    load: (/** @type {string} */ id) => (id === entry ? code : null),
  }
  const bundle = await rolldown({ input: entry, plugins: [plugin] })
  const { output } = await bundle.generate({ minify: true })
  return output[0].code
}
