/**
 * Everything that can be read from a value.
 * @module
 */

/**
 * Every text that is reachable from a value by reading properties: own and inherited, enumerable or not, getters too.
 * `inspect` does not do: the events of Node print themselves, without what a subclass adds.
 */
export function textsOf(value: unknown, seen: Set<object> = new Set()): string[] {
  if (typeof value === 'string') return [value]
  if (typeof value !== 'object' || value === null || seen.has(value)) return []
  seen.add(value)
  return keysOf(value).flatMap((key) => textsOf((value as Record<PropertyKey, unknown>)[key], seen))
}

function keysOf(value: object): PropertyKey[] {
  const keys: PropertyKey[] = []
  for (let at: object = value; at !== null && at !== Object.prototype; at = Object.getPrototypeOf(at)) {
    keys.push(...Reflect.ownKeys(at))
  }
  return [...new Set(keys)]
}
