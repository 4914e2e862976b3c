/**
 * Modules that the runtime has built in, asked for at run time: no `node:` import stands in the library, so that every module of
 * it can be imported anywhere.
 * @module
 */

interface Process {
  getBuiltinModule?(name: string): unknown
}

/** A module of Node, as the caller knows it to be shaped; undefined on a runtime that does not have it. */
export function builtinModule<Shape>(name: string): Shape | undefined {
  return (globalThis as { process?: Process }).process?.getBuiltinModule?.(name) as Shape | undefined
}
