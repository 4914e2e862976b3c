import { describe, it } from 'vitest'
import { libraries } from './libraries.ts'
import { type StepName, steps, visit } from './steps.ts'

const timeout = 60_000
const cells = libraries.flatMap((library) => {
  return (Object.keys(steps) as StepName[]).map((step) => ({
    library,
    step,
    name: library.name,
    title: steps[step].title,
  }))
})

describe('a client library', () => {
  it.concurrent.for(cells)('$name $title', { timeout }, ({ library, step }) => visit(library, step))
})
