/**
 * Class C7: what an operator's `grant` may hand over as claims, by mistake or because a token said so.
 * @module
 */
import type { CorpusCase, CorpusClass } from '../corpus-class.ts'
import { createSeededRandom, type SeededRandom } from '../seeded-random.ts'

/** Claims. */
export interface ClaimsCase extends CorpusCase {
  /** `kept`: as JSON carries them, less what could reach a prototype. `refused`: no ticket. */
  readonly verdict: 'kept' | 'refused'
  make(): object
}

type Make = readonly [name: string, make: () => unknown]

function cases(verdict: ClaimsCase['verdict'], makes: readonly Make[]): readonly ClaimsCase[] {
  return makes.map(([name, make]) => ({ name, verdict, make: make as () => object }))
}

const json =
  (text: string): (() => unknown) =>
  () =>
    JSON.parse(text)

const forbidden = ['__proto__', 'constructor', 'prototype'] as const

/** JSON that has a member so many levels down, in objects or in arrays. */
function buried(member: string, depth: number, open: string, close: string): string {
  return `{"kept":${open.repeat(depth)}{"${member}":{"polluted":true},"beside":1}${close.repeat(depth)}}`
}

const prototypes = cases(
  'kept',
  forbidden.flatMap((member) =>
    [0, 1, 2, 3, 4, 5].flatMap((depth): readonly Make[] => [
      [`${member} in ${depth} objects`, json(buried(member, depth, '{"in":', '}'))],
      [`${member} in ${depth} arrays`, json(buried(member, depth, '[', ']'))],
    ]),
  ),
)

const names = cases(
  'kept',
  [
    ...['', ' ', 'toString', 'hasOwnProperty', 'valueOf', '__defineGetter__', '__lookupSetter__', 'isPrototypeOf'],
    ...['then', 'toJSON', 'length', '0', '-1', '4294967295', 'NaN', 'null', 'undefined', 'isAdmin', 'ticket', 'id'],
    ...['__PROTO__', '__proto__ ', 'proto', 'a.b', 'a[0]', '$where', '\u0000', '\r\n', '\u202e', '\u{1f39f}', '\ud800'],
  ].map((name): Make => [`a member ${JSON.stringify(name)}`, () => ({ [name]: { polluted: true } })]),
)

const values = cases('kept', [
  ['nothing', () => ({})],
  ['NaN', () => ({ value: Number.NaN })],
  ['Infinity', () => ({ value: Number.POSITIVE_INFINITY })],
  ['minus zero', () => ({ value: -0 })],
  ['an integer beyond 2^53', json('{"value":9007199254740993}')],
  ['a number beyond all numbers', json('{"value":1e400}')],
  ['a number of 300 digits', json(`{"value":${'9'.repeat(300)}}`)],
  ['undefined', () => ({ value: undefined })],
  ['a function', () => ({ value: () => 1 })],
  ['a symbol', () => ({ value: Symbol('a') })],
  ['a date', () => ({ value: new Date(0) })],
  ['a date that is none', () => ({ value: new Date(Number.NaN) })],
  ['a Map', () => ({ value: new Map([['a', 1]]) })],
  ['a regular expression', () => ({ value: /a/ })],
  ['a boxed text', () => ({ value: Object('text') })],
  ['bytes', () => ({ value: new Uint8Array([1, 2]) })],
  ['a toJSON that gives another object', () => ({ value: { toJSON: () => ({ __proto__: null, a: 1 }) } })],
  ['a toJSON that gives a text', () => ({ value: { toJSON: () => '{"a":1}' } })],
  ['a lone surrogate', () => ({ value: '\ud800' })],
  ['control characters', () => ({ value: '\u0000\r\n\u001b[2J' })],
  ['an inherited member', () => Object.create({ polluted: true }) as object],
  ['an object without a prototype', () => Object.assign(Object.create(null), { a: 1 }) as object],
  ['JSON within a text', () => ({ value: '{"__proto__":{"polluted":true}}' })],
  ['4,096 bytes', () => ({ a: 'x'.repeat(4096 - 8) })],
  ['4,096 bytes beyond ASCII', () => ({ a: '\u00e9'.repeat(2044) })],
  ['2,000 nested arrays', json(`{"a":${'['.repeat(2000)}${']'.repeat(2000)}}`)],
  ['500 members', json(`{${Array.from({ length: 500 }, (_, at) => `"${at}":0`).join(',')}}`)],
])

function circle(): object {
  const claims: { self?: object } = {}
  claims.self = claims
  return claims
}

const throwing = {
  get value(): never {
    throw new Error('a getter that throws')
  },
}

const refused = cases('refused', [
  ['4,097 bytes', () => ({ a: 'x'.repeat(4097 - 8) })],
  ['4,098 bytes beyond ASCII', () => ({ a: '\u00e9'.repeat(2045) })],
  ['1 MiB of text', () => ({ a: 'x'.repeat(1024 * 1024) })],
  ['a name of 1 MiB', () => ({ ['x'.repeat(1024 * 1024)]: 1 })],
  ['100,000 members', () => Object.fromEntries(Array.from({ length: 100_000 }, (_, at) => [`a${at}`, at]))],
  ['10,000 nested objects', json(`${'{"a":'.repeat(10_000)}{}${'}'.repeat(10_000)}`)],
  ['5,000 nested arrays', json(`{"a":${'['.repeat(5000)}${']'.repeat(5000)}}`)],
  ['lone surrogates that take six bytes each', () => ({ a: '\ud800'.repeat(700) })],
  ['a BigInt', () => ({ value: 1n })],
  ['a BigInt, deep', () => ({ a: [{ b: [1n] }] })],
  ['a circle', circle],
  [
    'a toJSON that throws',
    () => ({
      toJSON: () => {
        throw new Error('no')
      },
    }),
  ],
  ['a toJSON that gives a text in place of all', () => ({ toJSON: () => '{}' })],
  ['a toJSON that gives a list in place of all', () => ({ toJSON: () => [] })],
  ['a toJSON that gives null in place of all', () => ({ toJSON: () => null })],
  ['a toJSON that gives nothing in place of all', () => ({ toJSON: () => undefined })],
  ['a getter that throws', () => throwing],
  [
    'a proxy that throws',
    () =>
      new Proxy(
        {},
        {
          ownKeys: () => {
            throw new Error('no')
          },
        },
      ),
  ],
  ['a list', () => ['a']],
  ['a text', () => 'a'],
  ['a text that is JSON', () => '{}'],
  ['a number', () => 7],
  ['true', () => true],
  ['null', () => null],
  ['a function in place of all', () => () => ({})],
  ['a symbol in place of all', () => Symbol('a')],
  ['a date in place of all', () => new Date(0)],
  ['a boxed text in place of all', () => Object('text')],
])

const seed = 0x5eed0007

function drawValue(random: SeededRandom, depth: number): unknown {
  const kind = random.below(depth > 4 ? 4 : 6)
  if (kind === 0) return random.below(1000) - 500
  if (kind === 1) return random.text('a"\\\u0000\u00e9\u2028{}[]:,', random.below(12))
  if (kind === 2) return null
  if (kind === 3) return random.below(2) === 0
  if (kind === 4) return Array.from({ length: random.below(4) }, () => drawValue(random, depth + 1))
  return drawObject(random, depth + 1)
}

function drawObject(random: SeededRandom, depth: number): object {
  const name = () => random.pick([...forbidden, 'a', 'b', 'toString', '0', ''])
  const members = Array.from({ length: 1 + random.below(3) }, () => [name(), drawValue(random, depth)])
  // As a parser would: `__proto__` is a member like any other.
  return JSON.parse(`{${members.map(([key, value]) => `${JSON.stringify(key)}:${JSON.stringify(value)}`).join(',')}}`)
}

const random = createSeededRandom(seed)
const drawn = Array.from({ length: 25 }, () => JSON.stringify(drawObject(random, 0)))

/** What may be handed over as claims. */
export const claims: CorpusClass<ClaimsCase> = {
  name: 'claims',
  contents:
    '`__proto__`, `constructor` and `prototype` at six depths, odd names and values, what is no JSON, throws or goes in circles, sizes up to 1 MiB, 10,000 levels, 100,000 members',
  playedOn: '`POST /tickets`, the store, and the session that is admitted',
  good: ['kept'],
  cases: [
    ...prototypes,
    ...names,
    ...values,
    ...refused,
    ...cases(
      'kept',
      drawn.map((text, at): Make => [`drawn claims ${at}`, json(text)]),
    ),
  ],
}
