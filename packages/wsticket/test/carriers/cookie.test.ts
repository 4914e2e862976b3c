import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { cookie } from '../../src/carriers/cookie.ts'
import { expectSame, handshake, headerLines, keyOf, ticketOf } from '../core/fixtures.ts'

const ticket = ticketOf(1)
const ours = `__Host-wsticket=${ticket}`

function sending(...lines: readonly string[]) {
  return handshake({ rawHeaders: headerLines({ Cookie: lines }) })
}

function found(...lines: readonly string[]): readonly string[] {
  return cookie.find(sending(...lines))
}

/** The cookie lines that are left. */
function left(...lines: readonly string[]): readonly string[] {
  const { rawHeaders } = cookie.strip(sending(...lines))
  return rawHeaders.filter((_, at) => rawHeaders[at - 1]?.toLowerCase() === 'cookie')
}

describe('the cookie carrier', () => {
  it('finds the ticket wherever it stands among the cookies', () => {
    expectSame(found(ours), [ticket])
    expectSame(found(`a=1; ${ours}; b=2`), [ticket])
    expectSame(found('a=1', `b=2; ${ours}`), [ticket])
    expectSame(found(`a=1;${ours}`), [ticket])
    expectSame(found(`a; \t${ours} \t; b`), [ticket])
  })

  it('knows the header by its name in any case', () => {
    expectSame(cookie.find(handshake({ rawHeaders: headerLines({ COOKIE: ours }) })), [ticket])
    expectSame(cookie.strip({ target: '/', rawHeaders: ['cookie', ours, 'cOOKIE', 'a=1'] }).rawHeaders, [
      'cOOKIE',
      'a=1',
    ])
  })

  it('finds none where the name has no value, whatever follows it', () => {
    expectSame(found('__Host-wsticket'), [])
    expectSame(found('__Host-wsticketX'), [])
    expectSame(left('__Host-wsticketX'), ['__Host-wsticketX'])
  })

  it('finds every cookie of that name, and what is no ticket, for others to refuse', () => {
    expectSame(found(`${ours}; __Host-wsticket=${ticketOf(2)}`), [ticket, ticketOf(2)])
    expectSame(found(ours, ours), [ticket, ticket])
    expectSame(found('__Host-wsticket='), [''])
    expectSame(found(`__Host-wsticket="${ticket}"`), [`"${ticket}"`])
    expectSame(found('__Host-wsticket=a=b'), ['a=b'])
    expectSame(found(`__Host-wsticket =${ticket}`), [ticket])
    expectSame(found(`__Host-wsticket= ${ticket}, a=1`), [`${ticket}, a=1`])
  })

  it.each([
    ['another case', `__host-wsticket=${ticket}`],
    ['another name', `wsticket=${ticket}; __Secure-wsticket=${ticket}; __Host-wsticket2=${ticket}`],
    ['the value of another', `a=__Host-wsticket=${ticket}`],
    ['the value of one without a name', `=__Host-wsticket=${ticket}`],
    ['quotes around a semicolon', `a="b, __Host-wsticket=${ticket}"`],
    ['a comma', `a=1, __Host-wsticket=${ticket}`],
    ['a version of old', `$Version=1, __Host-wsticket=${ticket}`],
    ['a path of old', `$__Host-wsticket=${ticket}`],
    ['percent-encoding', `__Host%2Dwsticket=${ticket}`],
    ['no value', '__Host-wsticket'],
    ['a space that is none of HTTP', `\u00a0__Host-wsticket=${ticket}`],
    ['a line separator', `\u2028__Host-wsticket=${ticket}`],
    ['a next line', `\u0085__Host-wsticket=${ticket}`],
    ['another header', 'a=1'],
  ])('takes nothing for its own by %s, and leaves it as it is', (_, line) => {
    expectSame(found(line), [])
    expectSame(left(line), [line])
  })

  it('finds nothing where there is no cookie, and no key anywhere', () => {
    expectSame(cookie.find(handshake()), [])
    expectSame(cookie.find(handshake({ headers: { 'X-Cookie': ours, Cookies: ours } })), [])
    expectSame(cookie.findKeys(sending(`${ours}; wsk=${keyOf(1)}; ${keyOf(1)}`)), [])
  })

  it('takes a time that grows with the length of a line, not with its square', () => {
    const spaces = ' '.repeat(200_000)
    const startedAt = performance.now()
    for (const line of [`a${spaces}b=1`, `a=1${spaces}b`, `${ours}${spaces}b`, `a=1;${spaces}b;${spaces}`]) left(line)
    // Its square is half a minute.
    expect(performance.now() - startedAt).toBeLessThan(5000)
  })

  it.each([
    [['OURS'], []],
    [['OURS; a=1'], ['a=1']],
    [['a=1; OURS'], ['a=1']],
    [['a=1; OURS; b=2'], ['a=1; b=2']],
    [['a=1;OURS;b=2'], ['a=1;b=2']],
    [['OURS; OURS'], []],
    [['OURS;'], []],
    [['OURS; ; a="x y"'], ['; a="x y"']],
    [['a=%41;  b;c= d ; OURS'], ['a=%41;  b;c= d']],
    [
      ['a=1', 'OURS', 'b=2'],
      ['a=1', 'b=2'],
    ],
    [
      ['a=1;; b', ' OURS; c'],
      ['a=1;; b', 'c'],
    ],
    [['a=\u00fc; OURS'], ['a=\u00fc']],
  ])('leaves of %j what is not ours: %j', (lines, rest) => {
    expectSame(left(...lines.map((line) => line.replaceAll('OURS', ours))), rest)
  })

  it('leaves the target and every other header as they are, in order, and changes nothing in place', () => {
    const rawHeaders = Object.freeze([
      ...headerLines({ Authorization: 'Bearer x', Cookie: `a=1; ${ours}` }),
      'X-Last',
      ours,
    ])
    const before = [...rawHeaders]
    const passage = cookie.strip(handshake({ rawHeaders, target: `/ws?${ours}` }))
    expectSame(passage.target, `/ws?${ours}`)
    expectSame(
      passage.rawHeaders,
      before.map((text) => (text.startsWith('a=1') ? 'a=1' : text)),
    )
    expectSame([...rawHeaders], before)
  })

  it('leaves nothing of ours behind, and every other cookie byte for byte, in order, whatever was sent', () => {
    const text = fc.stringMatching(/^[!-:<-~]([ -:<-~]{0,10}[!-:<-~])?$/)
    const theirs = text.filter((pair) => !/^__Host-wsticket\s*=/.test(pair)).map((pair) => ({ pair, seed: null }))
    const pairs = fc.array(
      fc.oneof(
        theirs,
        fc.nat().map((seed) => ({ pair: null, seed })),
      ),
      { minLength: 1, maxLength: 12 },
    )
    fc.assert(
      fc.property(pairs, (given) => {
        const line = given.map(({ pair, seed }) => pair ?? `__Host-wsticket=${ticketOf(seed ?? 0)}`).join('; ')
        const kept = given.flatMap(({ pair }) => (pair === null ? [] : [pair]))
        expectSame(left(line), kept.length === 0 ? [] : [kept.join('; ')])
        expectSame(
          found(line),
          given.flatMap(({ seed }) => (seed === null ? [] : [ticketOf(seed)])),
        )
      }),
    )
  })

  it('never throws, finds whatever it removes, and removes whatever it finds', () => {
    const part = fc.constantFrom(
      '__Host-wsticket',
      '=',
      ';',
      ' ',
      '\t',
      '"',
      ',',
      '$',
      'wst_',
      'a',
      '\u00a0',
      '__host-wsticket',
    )
    fc.assert(
      fc.property(
        fc.array(part, { maxLength: 20 }).map((parts) => parts.join('')),
        (line) => {
          const rest = left(line)
          expect(found(...rest)).toEqual([])
          expect(found(line).length === 0).toBe(rest.length === 1 && rest[0] === line)
        },
      ),
    )
  })
})
