import { readFileSync, writeFileSync } from 'node:fs'
import { describe, it } from 'vitest'
import { libraries } from './libraries.ts'
import type { Library } from './library.ts'
import { type StepName, stepNames, steps, visit } from './steps.ts'

const timeout = 180_000
const read = (file: string) => JSON.parse(readFileSync(new URL(file, import.meta.url), 'utf8'))
const { dependencies: versions } = read('package.json')
/** What came of the steps, library by library: `results.json`, of which docs/clients.md is made. */
const seen = Object.fromEntries(libraries.map((library) => [library.name, rowOf(library)]))

function rowOf({ name, injection, notes = [] }: Library) {
  const taken = Object.fromEntries(stepNames.map((step) => [step, 'no']))
  return { version: versions[name], injection, notes, steps: taken }
}

async function tryOut(library: Library, step: StepName): Promise<unknown> {
  try {
    await visit(library, step)
  } catch (reason) {
    return reason
  }
  Object.assign(seen[library.name]?.steps ?? {}, { [step]: library.remarks?.[step] ?? 'yes' })
  return 'taken'
}

const cells = libraries.flatMap((library) => stepNames.map((step) => [library, step] as const))

describe('client libraries', () => {
  for (const [library, step] of cells) {
    it.concurrent(`${library.name} ${steps[step].title}`, { timeout }, async ({ expect }) => {
      expect(await tryOut(library, step)).toBe('taken')
    })
  }

  it('do what the document says', ({ expect }) => {
    if (process.env.WSTICKET_WRITE_RESULTS)
      writeFileSync(new URL('results.json', import.meta.url), `${JSON.stringify(seen, null, 2)}\n`)
    expect(seen).toEqual(read('results.json'))
  })
})
