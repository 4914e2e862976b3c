import { describe, expect, it } from 'vitest'
import type { EpochMs, Subject, TicketId } from 'wsticket'
import { type GatewayEvent, presentable } from '../src/events.ts'
import { createAuditLog } from '../src/server/audit-log.ts'
import { sendHandshake } from './clients.ts'
import { startGateway } from './gateway-under-test.ts'
import { startRawUpstream, switchingProtocols } from './upstreams.ts'

const refused = {
  type: 'refused',
  at: 1_700_000_000_000 as EpochMs,
  code: 'origin_forbidden',
  ticketId: null,
  subject: null,
  carrier: null,
  clientAddress: '127.0.0.1',
  origin: 'https://evil.example',
  fault: null,
} as const satisfies GatewayEvent

function linesOf(...events: GatewayEvent[]): string[] {
  const lines: string[] = []
  const log = createAuditLog((line) => lines.push(line))
  for (const event of events) log(event)
  return lines
}

const ticket = `wst_${'A'.repeat(43)}`
const token = 'eyJhbGciOiJFUzI1NiJ9.eyJzdWIiOiJhIn0.c2lnbmF0dXJl'

describe('the audit log', () => {
  it('has one line of JSON for each event', () => {
    const [line = '', ...others] = linesOf(refused)
    expect(others).toEqual([])
    expect(line.endsWith('}\n')).toBe(true)
    expect(JSON.parse(line)).toEqual({
      level: 'info',
      time: '2023-11-14T22:13:20.000Z',
      type: 'refused',
      code: 'origin_forbidden',
      ticketId: null,
      subject: null,
      carrier: null,
      clientAddress: '127.0.0.1',
      origin: 'https://evil.example',
      fault: null,
    })
  })

  it.each([
    ['info', refused],
    ['error', { ...refused, code: 'store_unavailable', fault: 'StoreError unavailable' }],
    ['warn', { type: 'dangerous_setting', at: refused.at, setting: 'addressPolicy: off', consequence: 'so what' }],
    [
      'warn',
      { type: 'upstream_failed', at: refused.at, ticketId: 'x' as TicketId, code: 'upstream_timeout', status: null },
    ],
  ] as const)('says %s where it should', (level, event) => {
    expect(JSON.parse(linesOf(event)[0] ?? '')).toMatchObject({ level })
  })

  it('cannot be made to start a new line, move the cursor, or turn the text around', () => {
    const origin = 'https://a\r\n{"level":"info"}\u001b[2J\u009b2J\u202e\u2028\u2066\u0085'
    const [line = ''] = linesOf({ ...refused, origin })
    expect(line).toMatch(/^[ -~]+\n$/)
    expect(JSON.parse(line)).toMatchObject({ origin })
  })

  it('keeps what is not ASCII, escaped', () => {
    const [line = ''] = linesOf({ ...refused, subject: 'https://id.example#zoë 🎟' as Subject })
    expect(line).toMatch(/^[ -~]+\n$/)
    expect(JSON.parse(line)).toMatchObject({ subject: 'https://id.example#zoë 🎟' })
  })

  it.each([
    ['a ticket', `https://a.example/${ticket}`],
    ['a key', `https://a.example/wsk_${'A'.repeat(43)}`],
    ['a token', `https://a.example/${token}`],
    ['a query', `https://a.example?ticket=${ticket}`],
    ['a fragment', `https://a.example#access_token=${token}`],
  ])('does not repeat %s that a client put into Origin', (_, origin) => {
    const [line = ''] = linesOf({ ...refused, origin })
    expect(line).not.toMatch(/ws[tk]_A|eyJ|ticket=|access_token/)
    expect(JSON.parse(line).origin).toContain('https://a.example')
  })

  it('has an end to what a client may write into it', () => {
    const [line = ''] = linesOf({ ...refused, origin: `https://${'a'.repeat(8000)}` })
    expect(line.length).toBeLessThan(700)
  })

  it('leaves ids whole: they are no secrets, and name the ticket', () => {
    const ticketId = `wst_${'-'.repeat(39)}` as TicketId
    expect(presentable({ ...refused, ticketId }).ticketId).toBe(ticketId)
  })
})

describe('the events of a gateway', () => {
  it('never hold a ticket or a credential, whatever happens', async () => {
    const upstream = await startRawUpstream((socket, key) => socket.end(switchingProtocols(key)))
    const gateway = await startGateway(upstream.url, ['--carrier=subprotocol', '--carrier=query'])
    const [spent, unused] = [await gateway.ticket('alice'), await gateway.ticket('alice')]
    const credential = 'Bearer sesame-open'
    for (const lines of [[], [], ['Authorization: Bearer sesame-open']]) {
      await sendHandshake(gateway, spent, { lines }).all()
      await gateway.event('session_ended')
    }
    await sendHandshake(gateway, 'app.v1', { target: `/ws?ticket=${unused}&ticket=${unused}` }).all()
    await fetch(`${gateway.url}/tickets?x=${unused}`, {
      headers: { authorization: credential, origin: 'https://b.example' },
    })
    const lines = linesOf(...gateway.events).join('')
    const types = 'ticket_issued ticket_issued admitted session_ended refused refused refused issue_refused'
    expect(gateway.events.map(({ type }) => type).join(' ')).toBe(types)
    for (const secret of [spent.slice(4), unused.slice(4), 'sesame', '?']) expect(lines).not.toContain(secret)
  })
})
