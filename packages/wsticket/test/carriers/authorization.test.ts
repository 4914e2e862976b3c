import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { authorization } from '../../src/carriers/authorization.ts'
import { expectSame, handshake, headerLines, keyOf, ticketOf } from '../core/fixtures.ts'

const ticket = ticketOf(1)
const key = keyOf(1)

function found(value: string): readonly string[] {
  return authorization.find(handshake({ headers: { Authorization: value } }))
}

function foundKeys(value: string): readonly string[] {
  return authorization.findKeys(handshake({ headers: { Authorization: value } }))
}

describe('the authorization carrier', () => {
  it('finds the ticket of the scheme Ticket, in any case, after any number of spaces', () => {
    expectSame(found(`Ticket ${ticket}`), [ticket])
    expectSame(found(`ticket ${ticket}`), [ticket])
    expectSame(found(`TICKET    ${ticket}`), [ticket])
  })

  it("finds nothing in other schemes, which are the application's", () => {
    expect(authorization.find(handshake())).toEqual([])
    expectSame(found(`Bearer ${ticket}`), [])
    expectSame(found(`Tickets ${ticket}`), [])
    expectSame(found(`TicketX${ticket}`), [])
    expectSame(found(ticket), [])
    expectSame(found(''), [])
  })

  it('finds what is no ticket, too, for the parser to refuse', () => {
    expect(found('Ticket')).toEqual([''])
    expect(found('Ticket ')).toEqual([''])
    expectSame(found(`Ticket ${ticket} ${ticket}`), [`${ticket} ${ticket}`])
    expectSame(found(`Ticket token="${ticket}"`), [`token="${ticket}"`])
  })

  it('finds the key that follows the ticket after a dot', () => {
    expectSame(foundKeys(`Ticket ${ticket}.${key}`), [key])
    expectSame(found(`Ticket ${ticket}.${key}`), [ticket])
    expectSame(foundKeys(`Ticket ${ticket}.${key}.${keyOf(2)}`), [key, keyOf(2)])
    expect(foundKeys(`Ticket ${ticket}.wsk_`)).toEqual(['wsk_'])
    expect(foundKeys(`Ticket ${ticket}.wsk_a.b c`)).toEqual(['wsk_a.b c'])
  })

  it('finds no key anywhere else: what is around the ticket makes it no ticket', () => {
    expectSame(foundKeys(`Ticket ${ticket}`), [])
    expectSame(foundKeys(`Bearer ${ticket}.${key}`), [])
    expectSame(foundKeys(`Ticket ${ticket} ${key}`), [])
    expectSame(found(`Ticket ${ticket} ${key}`), [`${ticket} ${key}`])
    expectSame(foundKeys(`Ticket ${key}`), [])
    expectSame(found(`Ticket ${key}`), [key])
    expectSame(found(`Ticket ${ticket}.WSK_a`), [`${ticket}.WSK_a`])
    expectSame(authorization.findKeys(handshake()), [])
  })

  it('leaves no Authorization, and everything else as it is, in order', () => {
    const rawHeaders = Object.freeze([...headerLines(), 'AUTHORIZATION', `Ticket ${ticket}`, 'X-Last', 'authorization'])
    const passage = authorization.strip({ target: '/ws?room=1', rawHeaders })
    expect(passage.target).toBe('/ws?room=1')
    expectSame(passage.rawHeaders, [...headerLines(), 'X-Last', 'authorization'])
  })

  it('leaves nothing of ours behind, and everything else in order, wherever it stood', () => {
    const others = fc.array(fc.tuple(fc.stringMatching(/^X-[a-z]{1,8}$/), fc.stringMatching(/^[ -~]{0,20}$/)))
    fc.assert(
      fc.property(others, fc.nat(), fc.nat(100), (lines, seed, at) => {
        const place = Math.min(at, lines.length)
        const ours = [['Authorization', `Ticket ${ticketOf(seed)}`]] as const
        const rawHeaders = [...lines.slice(0, place), ...ours, ...lines.slice(place)].flat()
        expectSame(authorization.strip({ target: '/', rawHeaders }).rawHeaders, lines.flat())
      }),
    )
  })
})
