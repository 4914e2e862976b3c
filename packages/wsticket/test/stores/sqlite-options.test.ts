import { beforeEach, describe, expect, it, vi } from 'vitest'
import { createSqliteStore } from '../../src/stores/sqlite.ts'

describe('the SQLite store on a runtime that has no SQLite', () => {
  // So it is in Node 20; under later ones this hides it.
  beforeEach(() => {
    const getBuiltinModule = process.getBuiltinModule as (name: string) => object | undefined
    vi.spyOn(process, 'getBuiltinModule').mockImplementation(((name: string) =>
      name === 'node:sqlite' ? undefined : getBuiltinModule(name)) as never)
  })

  it('says in one line what it needs', () => {
    expect(() => createSqliteStore({ path: 'tickets.db' })).toThrow(
      expect.objectContaining({
        name: 'ConfigurationError',
        message: 'sqlite needs Node 22.13 or later: this runtime has no node:sqlite',
      }),
    )
  })

  it.each([
    ['no path', ''],
    ['a path with a NUL', 'tickets\0.db'],
    ['a path that is none', 7],
    ['a database in memory', ':memory:'],
  ])('takes not %s', (_, path) => {
    expect(() => createSqliteStore({ path: path as string })).toThrow(
      expect.objectContaining({ name: 'ConfigurationError', option: 'path' }),
    )
  })

  it.each([-1, 0.5, Number.NaN, 2001, '100'])('takes no busy timeout of %j', (busyTimeoutMs) => {
    expect(() => createSqliteStore({ path: 'tickets.db', busyTimeoutMs: busyTimeoutMs as number })).toThrow(
      expect.objectContaining({ name: 'ConfigurationError', option: 'busyTimeoutMs' }),
    )
  })
})
