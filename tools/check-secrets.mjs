/**
 * Looks for tickets, their keys and tokens in everything that a test run printed or logged. None may be there.
 *   node tools/check-secrets.mjs folder
 */
import { readdirSync, readFileSync } from 'node:fs'
import { join, relative } from 'node:path'
import { pathToFileURL } from 'node:url'

/** A ticket, the key of one, and a compact JWT. */
const secret = /ws[tk]_[A-Za-z0-9_-]{43}|eyJ[\w-]+\.[\w-]+\.[\w-]+/g
const shownCharacters = 8

/**
 * @param {string} folder
 * @returns {{ files: number, found: string[] }} one line per secret, which shows no more of it than its beginning
 */
export function checkSecrets(folder) {
  const entries = readdirSync(folder, { recursive: true, withFileTypes: true })
  const files = entries
    .filter((entry) => entry.isFile())
    .map(({ parentPath, name }) => relative(folder, join(parentPath, name)))
  return { files: files.length, found: files.flatMap((file) => checkFile(folder, file)) }
}

/** @param {string} folder @param {string} file @returns {string[]} */
function checkFile(folder, file) {
  const lines = readFileSync(join(folder, file), 'latin1').split('\n')
  return lines.flatMap((line, index) =>
    Array.from(line.matchAll(secret), ([text]) => `${file}:${index + 1} shows ${text.slice(0, shownCharacters)}...`),
  )
}

if (process.argv[1] && import.meta.url === pathToFileURL(process.argv[1]).href) {
  const { files, found } = checkSecrets(process.argv[2] ?? '.')
  for (const line of found) console.log(line)
  console.log(
    found.length === 0 ? `No ticket, no key and no token in ${files} files.` : `${found.length} secrets were printed`,
  )
  process.exitCode = found.length === 0 ? 0 : 1
}
