import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { authorization } from '../../src/carriers/authorization.ts'
import { expectSame, handshake, headerLines, ticketOf } from '../core/fixtures.ts'

const ticket = ticketOf(1)

function found(value: string): readonly string[] {
  return authorization.find(handshake({ headers: { Authorization: value } }))
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
