/**
 * What the store suite expects of records, outcomes and faults.
 * @module
 */
import { ConformanceFailure } from './conformance-case.ts'

/**
 * Expects two values of JSON to be equal, member for member and whatever the order of members.
 * @throws ConformanceFailure that names the first place where they differ.
 */
export function expectEqual(what: string, actual: unknown, expected: unknown): void {
  const found = difference(what, actual, expected)
  if (found !== null) throw new ConformanceFailure(found)
}

/**
 * Expects a promise to reject with a `StoreError` of the code.
 * @throws ConformanceFailure where it resolves, or rejects with anything else.
 */
export async function expectStoreError(what: string, promise: Promise<unknown>, code: string): Promise<void> {
  const outcome = await promise.then(
    () => 'resolve',
    (error: unknown) => `reject with ${nameOf(error)}`,
  )
  if (outcome === `reject with StoreError ${code}`) return
  throw new ConformanceFailure(`${what} should reject with StoreError ${code}, not ${outcome}`)
}

function nameOf(error: unknown): string {
  const { name, code } = (error ?? {}) as { name?: string; code?: string }
  return code === undefined ? `${name}` : `${name} ${code}`
}

function difference(path: string, actual: unknown, expected: unknown): string | null {
  if (Object.is(actual, expected)) return null
  if (!isObject(actual) || !isObject(expected) || Array.isArray(actual) !== Array.isArray(expected)) {
    return `${path} should be ${show(expected)}, not ${show(actual)}`
  }
  for (const member of new Set([...Object.keys(expected), ...Object.keys(actual)])) {
    const inside = `${path}.${member}`
    if (!Object.hasOwn(actual, member)) return `${inside} should be there`
    if (!Object.hasOwn(expected, member)) return `${inside} should not be there`
    const found = difference(inside, actual[member], expected[member])
    if (found !== null) return found
  }
  return null
}

function isObject(value: unknown): value is { readonly [member: string]: unknown } {
  return typeof value === 'object' && value !== null
}

const shownCharacters = 60

function show(value: unknown): string {
  const text = isObject(value) ? (Array.isArray(value) ? 'an array' : 'an object') : JSON.stringify(value)
  return String(text).slice(0, shownCharacters)
}
