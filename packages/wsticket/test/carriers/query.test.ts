import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { query } from '../../src/carriers/query.ts'
import { expectSame, handshake, headerLines, keyOf, ticketOf } from '../core/fixtures.ts'

const ticket = ticketOf(1)
const key = keyOf(1)

function found(target: string): readonly string[] {
  return query.find(handshake({ target }))
}

function foundKeys(target: string): readonly string[] {
  return query.findKeys(handshake({ target }))
}

function left(target: string): string {
  return query.strip({ target, rawHeaders: [] }).target
}

describe('the query carrier', () => {
  it('finds the ticket wherever it stands in the query', () => {
    expectSame(found(`/ws?ticket=${ticket}`), [ticket])
    expectSame(found(`/ws?room=1&ticket=${ticket}&x`), [ticket])
    expectSame(found(`/?ticket=${ticket}`), [ticket])
  })

  it('finds nothing in a path that looks like a query', () => {
    expectSame(found(`/ws&ticket=${ticket}`), [])
    expectSame(left(`/ws&ticket=${ticket}`), `/ws&ticket=${ticket}`)
  })

  it('decodes names and values once, as every server behind it will', () => {
    expectSame(found(`/ws?%74icket=${ticket}`), [ticket])
    expectSame(found(`/ws?ticket=%77${ticket.slice(1)}`), [ticket])
    expectSame(found(`/ws?%2574icket=${ticket}`), [])
    expectSame(found(`/ws?ticket=%2577${ticket.slice(1)}`), [`%77${ticket.slice(1)}`])
  })

  it('finds every ticket where there is more than one, and what is no ticket', () => {
    expectSame(found(`/ws?ticket=${ticket}&ticket=${ticketOf(2)}`), [ticket, ticketOf(2)])
    expectSame(found(`/ws?ticket=${ticket}&%74icket=`), [ticket, ''])
    expectSame(found('/ws?ticket'), [''])
    expectSame(found('/ws?ticket=%'), ['%'])
    expectSame(found('/ws?ticket=%ff'), ['\ufffd'])
    expectSame(found('/ws?ticket=a=b'), ['a=b'])
  })

  it('finds nothing under any other name', () => {
    expectSame(found('/ws'), [])
    expectSame(found('/ws?'), [])
    expectSame(found(`/ws/ticket=${ticket}`), [])
    expectSame(found(`/ws?Ticket=${ticket}`), [])
    expectSame(found(`/ws?ticket%5B%5D=${ticket}`), [])
    expectSame(found(`/ws?ticket[]=${ticket}`), [])
    expectSame(found(`/ws?+ticket=${ticket}`), [])
    expectSame(found(`/ws?a=1;ticket=${ticket}`), [])
    expectSame(found(`/ws?a=?ticket=${ticket}`), [])
  })

  it('finds the key beside the ticket, before it or after it, decoded once', () => {
    expectSame(foundKeys(`/ws?ticket=${ticket}&key=${key}`), [key])
    expectSame(foundKeys(`/ws?key=${key}&ticket=${ticket}`), [key])
    expectSame(foundKeys(`/ws?%6bey=%77sk%5f${key.slice(4)}`), [key])
    expectSame(foundKeys(`/ws?key=${key}&key=wsk_&key=${keyOf(2)}`), [key, 'wsk_', keyOf(2)])
  })

  it("finds no key in a parameter of the application's own", () => {
    expectSame(foundKeys(`/ws?ticket=${ticket}`), [])
    expectSame(foundKeys(`/ws?Key=${key}&keys=${key}&a=${key}`), [])
    expectSame(foundKeys('/ws?key&key=&key=c-sharp&key=WSK_a'), [])
    expectSame(foundKeys(`/ws?key=%2577sk_${key.slice(4)}`), [])
    expectSame(foundKeys('/ws'), [])
  })

  it('reads a query that begins with a question mark as every server behind it will', () => {
    const target = `/ws??ticket=${ticket}`
    expectSame(found(target), new URL(target, 'http://own.example').searchParams.getAll('ticket'))
    expectSame(found(target), [])
  })

  it.each([
    ['/ws?ticket=T', '/ws'],
    ['/ws?ticket', '/ws'],
    ['/ws?ticket=T&room=1', '/ws?room=1'],
    ['/ws?room=1&ticket=T', '/ws?room=1'],
    ['/ws?a=1&ticket=T&b=2', '/ws?a=1&b=2'],
    ['/ws?%74icket=T&a=%41+b', '/ws?a=%41+b'],
    ['/ws?ticket=T&ticket=T', '/ws'],
    ['/ws?&ticket=T', '/ws?'],
    ['/ws?ticket=T&', '/ws?'],
    ['/ws?a&&b&ticket=T', '/ws?a&&b'],
    ['/?ticket=T', '/'],
    ['/ws', '/ws'],
    ['/ws?', '/ws?'],
    ['/ws?a=1&?ticket=kept', '/ws?a=1&?ticket=kept'],
    ['/ws?Ticket=kept&tickets=kept', '/ws?Ticket=kept&tickets=kept'],
    ['/ws/ticket=kept?x', '/ws/ticket=kept?x'],
    ['/ws?ticket=T&key=wsk_K', '/ws'],
    ['/ws?key=wsk_&a=1&ticket=T&%6Bey=%77sk_K&b=2', '/ws?a=1&b=2'],
    ['/ws?key=c-sharp&ticket=T&key=wsk_K', '/ws?key=c-sharp'],
    ['/ws?a=1&?key=wsk_kept', '/ws?a=1&?key=wsk_kept'],
  ])('leaves of %s what is not ours: %s', (target, rest) => {
    expect(left(target)).toBe(rest)
  })

  it('leaves the headers as they are', () => {
    const rawHeaders = headerLines()
    expect(query.strip({ target: `/ws?ticket=${ticket}`, rawHeaders }).rawHeaders).toBe(rawHeaders)
  })

  it('leaves nothing of ours behind, and everything else as it was spelled, in order', () => {
    const theirs = fc
      .stringMatching(/^[!$%'()*+,\-./0-9:;=?@A-Z[\]^_`a-z{|}~"]{0,12}$/)
      .filter((pair) => new URLSearchParams(`&${pair}`).get('ticket') === null)
    const name = fc.constantFrom('ticket', '%74icket', 'ti%63ket', '%74%69%63%6B%65%74', '%74%69%63%6b%65%74')
    const pairs = fc.array(
      fc.oneof(
        theirs.map((text) => ({ text })),
        fc.record({ name, seed: fc.nat() }),
      ),
      {
        maxLength: 12,
      },
    )
    fc.assert(
      fc.property(pairs, (given) => {
        const spelled = given.map((pair) => ('text' in pair ? pair.text : `${pair.name}=${ticketOf(pair.seed)}`))
        const kept = spelled.filter((_, at) => 'text' in (given[at] ?? {}))
        const target = `/ws?${spelled.join('&')}`
        const rest = left(target)
        expectSame(rest, given.length > 0 && kept.length === 0 ? '/ws' : `/ws?${kept.join('&')}`)
        expectSame(query.find(handshake({ target: rest })), [])
        const tickets = given.flatMap((pair) => ('seed' in pair ? [ticketOf(pair.seed)] : []))
        expectSame(query.find(handshake({ target })), tickets)
      }),
    )
  })
})
