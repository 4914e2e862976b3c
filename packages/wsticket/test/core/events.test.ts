import { describe, expect, it } from 'vitest'
import { ConfigurationError, StoreError } from '../../src/errors.ts'
import { nameFault } from '../../src/events.ts'

describe('the name of a fault', () => {
  it.each([
    [new Error('of a secret'), 'Error'],
    [new TypeError('of a secret'), 'TypeError'],
    [new StoreError('unavailable', 'of a secret', { cause: new Error('of a secret') }), 'StoreError unavailable'],
    [new ConfigurationError('claims', 'of a secret'), 'ConfigurationError claims'],
    [Object.assign(new Error('of a secret'), { code: 'ECONNREFUSED' }), 'Error ECONNREFUSED'],
    [Object.assign(new Error('of a secret'), { code: 7 }), 'Error'],
    ['of a secret', 'string'],
    [{ message: 'of a secret' }, 'object'],
    [null, 'object'],
    [undefined, 'undefined'],
  ])('is its kind and its code, and never its message: %#', (error, name) => {
    expect(nameFault(error)).toBe(name)
  })
})

describe('errors', () => {
  it('are told by name, code and option', () => {
    expect(new StoreError('conflict', 'the id is known')).toMatchObject({ name: 'StoreError', code: 'conflict' })
    const error = new ConfigurationError('lifetimeMs', 'must be a whole number')
    expect(error).toMatchObject({ name: 'ConfigurationError', code: 'configuration', option: 'lifetimeMs' })
    expect(error.message).toBe('lifetimeMs must be a whole number')
  })
})
