import { readFileSync, writeFileSync } from 'node:fs'
import { describe, it } from 'vitest'
import { libraries } from './libraries.ts'
import type { Library } from './library.ts'
import { stepNames, steps, visit } from './steps.ts'

const timeout = 180_000
const read = (file: string) => JSON.parse(readFileSync(new URL(file, import.meta.url), 'utf8'))
const { dependencies: versions } = read('package.json')
/** What came of the steps, library by library: `results.json`, of which docs/clients.md is made. */
const seen = Object.fromEntries(libraries.map((library) => [library.name, rowOf(library)]))

function rowOf({ name, injection, notes = [], gaps = {} }: Library) {
  const taken = Object.fromEntries(stepNames.map((step) => [step, 'no']))
  return { version: versions[name], injection, notes: [...notes, ...Object.values(gaps)], steps: taken }
}

const cells = libraries.flatMap((library) =>
  stepNames.map((step) => ({ library, step, name: library.name, title: steps[step].title })),
)

describe('a client library', () => {
  it.concurrent.for(cells)('$name $title', { timeout }, async ({ library, step }, test) => {
    const outcome = await visit(library, step).then(
      () => 'yes',
      (reason: unknown) => reason,
    )
    const { name, remarks = {}, gaps = {} } = library
    if (outcome === 'yes') Object.assign(seen[name]?.steps ?? {}, { [step]: remarks[step] ?? 'yes' })
    if (gaps[step] === undefined) test.expect(outcome).toBe('yes')
    else test.expect(outcome).not.toBe('yes')
  })

  it('does what the document says', ({ expect }) => {
    if (process.env.WSTICKET_WRITE_RESULTS)
      writeFileSync(new URL('results.json', import.meta.url), `${JSON.stringify(seen, null, 2)}\n`)
    expect(seen).toEqual(read('results.json'))
  })
})
