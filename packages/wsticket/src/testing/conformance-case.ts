/**
 * Conformance suites are data: lists of cases that any test runner can run, against any implementation of a port. A case
 * throws its own error and knows no runner.
 * @module
 */

/** One thing that every implementation of a port does. */
export interface ConformanceCase<Harness, Capability extends string = never> {
  /** A predicate of which the implementation is the subject: `spends a ticket once`. Unique in its suite. */
  readonly name: string
  /** The capabilities without which the case cannot be run. There is no other reason to skip one. */
  readonly needs?: readonly Capability[]
  /** Rejects where the implementation fails. */
  run(harness: Harness): Promise<void>
}

/** An implementation fails a case. The message says in what. */
export class ConformanceFailure extends Error {
  override readonly name = 'ConformanceFailure'
}

/**
 * Expects a condition to hold.
 * @throws ConformanceFailure with the expectation as its message.
 */
export function expectThat(condition: boolean, expectation: string): asserts condition {
  if (!condition) throw new ConformanceFailure(expectation)
}

/**
 * Expects two primitive values to be the same.
 * @throws ConformanceFailure that shows both.
 */
export function expectSame(what: string, actual: unknown, expected: unknown): void {
  if (!Object.is(actual, expected)) {
    throw new ConformanceFailure(`${what} should be ${show(expected)}, not ${show(actual)}`)
  }
}

/**
 * The promise, for as long as it may take.
 * @throws ConformanceFailure at the deadline.
 */
export async function within<Result>(deadlineMs: number, what: string, promise: Promise<Result>): Promise<Result> {
  let timer: ReturnType<typeof setTimeout> | undefined
  const deadline = new Promise<never>((_, reject) => {
    const complain = () => reject(new ConformanceFailure(`${what} should take no longer than ${deadlineMs} ms`))
    timer = setTimeout(complain, deadlineMs)
  })
  return Promise.race([promise, deadline]).finally(() => clearTimeout(timer))
}

/** A promise that is fulfilled from outside. */
export interface Signal<Value> {
  readonly promise: Promise<Value>
  fire(value: Value): void
}

/** Creates a signal that has not been fired. */
export function createSignal<Value>(): Signal<Value> {
  let fire: (value: Value) => void = () => {}
  const promise = new Promise<Value>((resolve) => {
    fire = resolve
  })
  return { promise, fire: (value) => fire(value) }
}

const shownCharacters = 60

function show(value: unknown): string {
  return String(JSON.stringify(value)).slice(0, shownCharacters)
}
