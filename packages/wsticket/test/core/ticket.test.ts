import { createHash } from 'node:crypto'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { ConfigurationError } from '../../src/errors.ts'
import { createPooledRandom, systemRandom } from '../../src/random.ts'
import { generateTicket, idOfTicket, parseTicket, parseTicketId } from '../../src/ticket.ts'
import { ticketOf } from './fixtures.ts'

const canonicalLastCharacters = 'AEIMQUYcgkosw048'
const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_'

// Titles and messages name what is wrong with a text, never the text: it may look like a ticket.
const malformed: readonly (readonly [flaw: string, spell: (ticket: string) => string])[] = [
  ['nothing', () => ''],
  ['its prefix only', () => 'wst_'],
  ['no prefix', (ticket) => ticket.slice(4)],
  ['a prefix in capitals', (ticket) => `WST_${ticket.slice(4)}`],
  ['the prefix of a key', (ticket) => `wsk_${ticket.slice(4)}`],
  ['the prefix twice', (ticket) => `wst_${ticket}`],
  ['one character less', (ticket) => ticket.slice(0, -1)],
  ['one character more', (ticket) => `${ticket}A`],
  ['padding', (ticket) => `${ticket}=`],
  ['a space before', (ticket) => ` ${ticket}`],
  ['a space after', (ticket) => `${ticket} `],
  ['a line feed after', (ticket) => `${ticket}\n`],
  ['a NUL after', (ticket) => `${ticket}\u0000`],
  ['a plus', (ticket) => `${ticket.slice(0, 10)}+${ticket.slice(11)}`],
  ['a slash', (ticket) => `${ticket.slice(0, 10)}/${ticket.slice(11)}`],
  ['a dot', (ticket) => `${ticket.slice(0, 10)}.${ticket.slice(11)}`],
  ['percent-encoding', (ticket) => `${ticket.slice(0, 10)}%41${ticket.slice(13)}`],
  ['a letter that only looks like one of the alphabet', (ticket) => `${ticket.slice(0, 10)}\u0410${ticket.slice(11)}`],
  ['a wide letter', (ticket) => `${ticket.slice(0, 10)}\uff21${ticket.slice(11)}`],
  ['half a surrogate pair', (ticket) => `${ticket.slice(0, 10)}\ud800${ticket.slice(11)}`],
  ['a ticket after it', (ticket) => `${ticket},${ticket}`],
  ['10,000 characters', (ticket) => ticket.padEnd(10_000, 'A')],
]

describe('a ticket', () => {
  it('is 47 characters that every header takes for a token: the prefix and 32 bytes in base64url', () => {
    const ticket = generateTicket()
    expect(/^wst_[A-Za-z0-9_-]{43}$/.test(ticket)).toBe(true)
    expect(/^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/.test(ticket)).toBe(true)
    expect(Buffer.from(ticket.slice(4), 'base64url').length).toBe(32)
  })

  it('is never issued twice, and uses the whole alphabet evenly', () => {
    const tickets = new Set<string>()
    const uses = new Map<string, number>()
    for (let count = 0; count < 100_000; count += 1) {
      const ticket = generateTicket()
      tickets.add(ticket)
      const character = ticket.charAt(4 + (count % 42))
      uses.set(character, (uses.get(character) ?? 0) + 1)
    }
    expect(tickets.size).toBe(100_000)
    expect([...uses.keys()].sort().join('')).toBe(Array.from(alphabet).sort().join(''))
    // 1,562 of each are expected, with a deviation of 39: eight deviations either way is out of the question.
    expect(Math.min(...uses.values())).toBeGreaterThan(1250)
    expect(Math.max(...uses.values())).toBeLessThan(1875)
  })

  it('ends in one of the 16 characters that are canonical', () => {
    const last = new Set(Array.from({ length: 1000 }, () => generateTicket().slice(-1)))
    expect([...last].sort().join('')).toBe(Array.from(canonicalLastCharacters).sort().join(''))
  })

  it('is not made where the random source gives fewer bytes, or more', () => {
    expect(() => generateTicket((bytes) => bytes.subarray(1))).toThrow(ConfigurationError)
    expect(() => generateTicket(() => new Uint8Array(33))).toThrow(/^random /)
  })

  it('is made of the bytes that the random source gives', () => {
    const ticket = generateTicket((bytes) => bytes.fill(255))
    expect(ticket === `wst_${'_'.repeat(42)}8`).toBe(true)
  })

  it('is read back as it was', () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 32, maxLength: 32 }), (bytes) => {
        const ticket = generateTicket((array) => {
          array.set(bytes)
          return array
        })
        expect(parseTicket(ticket) === ticket).toBe(true)
      }),
    )
  })

  it.each(malformed)('is not a text with %s', (_, spell) => {
    expect(parseTicket(spell(ticketOf(1))) === null).toBe(true)
  })

  it('is not a text whose last character is not canonical', () => {
    const stem = ticketOf(1).slice(0, -1)
    const accepted = Array.from(alphabet).filter((character) => parseTicket(stem + character) !== null)
    expect(accepted.sort().join('')).toBe(Array.from(canonicalLastCharacters).sort().join(''))
  })

  it('is never made of arbitrary text, and reading never throws', () => {
    fc.assert(fc.property(fc.string({ unit: 'binary' }), (text) => parseTicket(text) === null))
  })
})

describe('the id of a ticket', () => {
  it('is the SHA-256 of its text in base64url', () => {
    const ticket = generateTicket()
    expect(idOfTicket(ticket)).toBe(createHash('sha256').update(ticket).digest('base64url'))
  })

  it('has a form of its own, from which no ticket can be told', () => {
    const id = idOfTicket(ticketOf(1))
    expect(parseTicketId(id)).toBe(id)
    expect(parseTicket(id)).toBeNull()
    expect(parseTicketId(ticketOf(1)) === null).toBe(true)
  })

  it.each([
    '',
    'a',
    '../etc/passwd',
    `${'A'.repeat(43)}\n`,
    `${'A'.repeat(42)}B`,
    `${'A'.repeat(44)}`,
    `${'*'.repeat(43)}`,
  ])('is not %j', (text) => {
    expect(parseTicketId(text)).toBeNull()
  })
})

describe('the random source', () => {
  it('fills any number of bytes, and never hands out the same ones', () => {
    const seen = new Set<string>()
    for (const length of [1, 16, 31, 32, 33, 1000, 1023, 1024, 1025, 4096]) {
      const bytes = systemRandom(new Uint8Array(length))
      expect(bytes.length).toBe(length)
      if (length < 16) continue
      seen.add(Buffer.from(bytes.subarray(0, 16)).toString('hex'))
    }
    expect(seen.size).toBe(9)
    expect(seen.has('0'.repeat(32))).toBe(false)
  })

  it('fills the array that it is given, and returns it', () => {
    const bytes = new Uint8Array(32)
    expect(systemRandom(bytes)).toBe(bytes)
    expect(bytes.some((byte) => byte !== 0)).toBe(true)
  })

  it('gives each byte of its pool once and in order, and wipes it there', () => {
    const pools: Uint8Array[] = []
    const random = createPooledRandom((pool) => {
      pools.push(pool)
      return pool.fill(pools.length)
    })
    const given = Array.from({ length: 300 }, () => random(new Uint8Array(32))[31])
    expect(given).toEqual([...Array<number>(256).fill(1), ...Array<number>(44).fill(2)])
    expect(pools[0]?.subarray(0, 44 * 32).every((byte) => byte === 0)).toBe(true)
    expect(pools[0]?.subarray(44 * 32).every((byte) => byte === 2)).toBe(true)
  })

  it('gives nothing after its source has failed, until it can', () => {
    let broken = true
    const random = createPooledRandom((pool) => {
      if (broken) throw new Error('no entropy')
      return pool.fill(7)
    })
    for (let time = 0; time < 2; time++) expect(() => random(new Uint8Array(32))).toThrow('no entropy')
    broken = false
    expect(random(new Uint8Array(1))).toEqual(new Uint8Array([7]))
  })

  it('asks for more at once than its pool has', () => {
    const random = createPooledRandom((bytes) => bytes.fill(bytes.length & 255))
    expect(random(new Uint8Array(8193)).every((byte) => byte === 1)).toBe(true)
  })
})
