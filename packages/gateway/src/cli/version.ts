/**
 * `wsticket-gateway version`.
 * @module
 */
import { readFile } from 'node:fs/promises'

/** Prints the version of the package. */
export async function version(): Promise<number> {
  const manifest = await readFile(new URL('../../package.json', import.meta.url), 'utf8')
  process.stdout.write(`${(JSON.parse(manifest) as { version: string }).version}\n`)
  return 0
}
