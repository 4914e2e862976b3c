import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { subprotocol } from '../../src/carriers/subprotocol.ts'
import { expectSame, handshake, headerLines, keyOf, ticketOf } from '../core/fixtures.ts'

const ticket = ticketOf(1)
const key = keyOf(1)

function offering(...lines: readonly string[]) {
  return handshake({ rawHeaders: headerLines({ 'Sec-WebSocket-Protocol': lines }) })
}

/** The subprotocol lines that are left. */
function offersLeft(...lines: readonly string[]): readonly string[] {
  const { rawHeaders } = subprotocol.strip(offering(...lines))
  return rawHeaders.filter((_, at) => rawHeaders[at - 1]?.toLowerCase() === 'sec-websocket-protocol')
}

describe('the subprotocol carrier', () => {
  it('finds a ticket among the offered subprotocols, wherever it stands', () => {
    expectSame(subprotocol.find(offering(`chat.v1, wsticket.v1, ${ticket}`)), [ticket])
    expectSame(subprotocol.find(offering(ticket)), [ticket])
    expectSame(subprotocol.find(offering(`${ticket},chat.v1`)), [ticket])
    expectSame(subprotocol.find(offering('chat.v1', `wsticket.v1, ${ticket}`)), [ticket])
  })

  it('finds nothing where nothing of ours is offered', () => {
    expect(subprotocol.find(handshake())).toEqual([])
    expect(subprotocol.find(offering('chat.v1, wsticket.v1'))).toEqual([])
    expect(subprotocol.find(offering('WST_a, xwst_b'))).toEqual([])
  })

  it('finds everything that begins like a ticket, for the parser to refuse', () => {
    expectSame(subprotocol.find(offering(`wst_, wst_short, ${ticket}, ${ticketOf(2)}`)), [
      'wst_',
      'wst_short',
      ticket,
      ticketOf(2),
    ])
  })

  it('finds the key among the offered subprotocols, wherever it stands, and whatever else begins like one', () => {
    expectSame(subprotocol.findKeys(offering(`wsticket.v1, ${ticket}, ${key}`)), [key])
    expectSame(subprotocol.findKeys(offering(`${key},chat.v1`, ticket)), [key])
    expectSame(subprotocol.findKeys(offering(`wsk_, ${keyOf(2)}, wsk_short`)), ['wsk_', keyOf(2), 'wsk_short'])
    expectSame(subprotocol.findKeys(offering(`chat.v1, wsticket.v1, ${ticket}, WSK_a, xwsk_b`)), [])
    expectSame(subprotocol.findKeys(handshake()), [])
  })

  it("leaves the application's own subprotocols in their order, and neither ticket nor marker", () => {
    expectSame(offersLeft(`chat.v2, chat.v1, wsticket.v1, ${ticket}`), ['chat.v2, chat.v1'])
    expectSame(offersLeft(`${ticket}, chat.v2, wsticket.v1, chat.v1`), ['chat.v2, chat.v1'])
    expectSame(offersLeft('chat.v2', `wsticket.v1, ${ticket}`, 'chat.v1'), ['chat.v2', 'chat.v1'])
  })

  it('leaves lines alone whose names are as long, or begin or end like it', () => {
    const rawHeaders = [
      'X-Of-The-Same-Length-1',
      ticket,
      'X-Sec-WebSocket-Protocol',
      ticket,
      'Sec-WebSocket-Protocols',
      ticket,
    ]
    expect(subprotocol.strip({ target: '/', rawHeaders })).toEqual({ target: '/', rawHeaders })
  })

  it('leaves no line where nothing is left to offer', () => {
    expectSame(offersLeft(`wsticket.v1, ${ticket}`), [])
    expectSame(offersLeft('wsticket.v1', ticket), [])
    expectSame(offersLeft(`wsticket.v1, ${ticket}, ${key}`), [])
  })

  it('knows the header by its name in any case', () => {
    const rawHeaders = ['sec-websocket-protocol', ticket, 'SEC-WEBSOCKET-PROTOCOL', 'chat.v1']
    expectSame(subprotocol.strip({ target: '/', rawHeaders }).rawHeaders, ['SEC-WEBSOCKET-PROTOCOL', 'chat.v1'])
  })

  it('leaves the target and every other header as they are, in order, and changes nothing in place', () => {
    const rawHeaders = Object.freeze([
      ...headerLines({ Authorization: 'Bearer x', 'Sec-WebSocket-Protocol': `chat.v1, ${ticket}` }),
      'X-Last',
      'a , b',
    ])
    const before = [...rawHeaders]
    const passage = subprotocol.strip(handshake({ rawHeaders, target: '/ws?room=1' }))
    expect(passage.target).toBe('/ws?room=1')
    expectSame(
      passage.rawHeaders,
      before.map((text) => (text.startsWith('chat.v1') ? 'chat.v1' : text)),
    )
    expectSame([...rawHeaders], before)
  })

  it('leaves nothing of ours behind, and everything else in order, whatever was offered', () => {
    const ours = fc.oneof(
      fc.nat().map((seed) => ({ ours: true, seed })),
      fc.constantFrom('wsticket.v1', 'wst_', 'wst_x', 'wsk_', 'wsk_x').map((entry) => ({ ours: true, entry })),
    )
    const theirs = fc.stringMatching(/^[a-z]{1,4}\.v[0-9]{1,3}$/).map((entry) => ({ ours: false, entry }))
    const entries = fc.uniqueArray(fc.oneof(ours, theirs), {
      selector: (entry) => JSON.stringify(entry),
      maxLength: 20,
    })
    fc.assert(
      fc.property(entries, fc.array(fc.nat(3), { minLength: 20, maxLength: 20 }), (offered, breaks) => {
        const spelled = offered.map((entry) => ('entry' in entry ? entry.entry : ticketOf(entry.seed)))
        const lines: string[][] = []
        for (const [at, text] of spelled.entries()) {
          if (at === 0 || breaks[at] === 0) lines.push([])
          lines.at(-1)?.push(text)
        }
        const rawHeaders = headerLines({ 'Sec-WebSocket-Protocol': lines.map((line) => line.join(', ')) })
        const passage = subprotocol.strip(handshake({ rawHeaders }))
        const left = handshake(passage)
        const kept = spelled.filter((_, at) => offered[at]?.ours === false)
        expectSame(left.protocols, kept)
        expectSame(subprotocol.find(left), [])
        expect(/wst_|wsk_|wsticket/.test(passage.rawHeaders.join())).toBe(false)
      }),
    )
  })
})
