import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { createEngine } from '../../src/engine.ts'

/** Everything that can be read off the error that asking ends with, where a client throws such a thing. */
async function wordsFor(thrown: unknown): Promise<string> {
  const inspect = async () => ({ engine: 'example 1.0', guarantee: 'At most once.', weaknesses: [] })
  const engine = createEngine({ name: 'example', deadlineMs: 2000, inspect, reconnect: () => {} })
  return engine
    .ask(() => Promise.reject(thrown))
    .then(
      () => 'it was answered',
      (error: Error) => `${error.stack} ${JSON.stringify(error)} ${String(error.cause)}`,
    )
}

describe('what a client throws', () => {
  it.each([
    ['a code of Node', Object.assign(new Error('connect'), { code: 'ECONNREFUSED' }), 'ECONNREFUSED'],
    ['a code of PostgreSQL', Object.assign(new Error('stopping'), { code: '57P01' }), '57P01'],
    ['a code of JetStream', Object.assign(new Error('no space'), { code: 10_077 }), '10077'],
    ['a kind of Redis', new Error('READONLY You cannot write against a read only replica.'), 'READONLY'],
    ['a name', new TypeError('x is not a function'), 'TypeError'],
    ['nothing of ours', 'text', 'unknown'],
    ['nothing', undefined, 'unknown'],
  ])('passes as %s', async (_, thrown, reason) => {
    expect(await wordsFor(thrown)).toContain(`example failed (${reason})`)
  })

  it('never passes with a claim that its message quotes, however the claim is spelled', async () => {
    const shapes = [
      (quoted: string) => new Error(quoted),
      (quoted: string) => new Error(`${quoted} cannot be written`),
      (quoted: string) => new Error(`ERR cannot write ${quoted}`),
      (quoted: string) => new RangeError(`invalid: ${quoted}`, { cause: quoted }),
      (quoted: string) => Object.assign(new Error('invalid'), { code: `cannot write ${quoted}`, detail: quoted }),
      (quoted: string) => Object.assign(new Error('invalid'), { name: `Error of ${quoted}`, where: quoted }),
      (quoted: string) => quoted,
      (quoted: string) => ({ message: quoted, args: [quoted] }),
    ]
    const claim = fc
      .constantFrom('', 'a ', '1')
      .chain((before) => fc.stringMatching(/^[A-Z0-9_ :]{0,8}$/).map((after) => `${before}CANARY${after}`))
    await fc.assert(
      fc.asyncProperty(claim, fc.constantFrom(...shapes), async (quoted, shape) => {
        expect(await wordsFor(shape(quoted))).not.toContain('CANARY')
      }),
    )
  })
})
