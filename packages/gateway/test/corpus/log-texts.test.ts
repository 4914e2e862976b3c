import { describe, expect, it } from 'vitest'
import type { EpochMs, Subject, TicketId } from 'wsticket'
import { type LogCase, logTexts } from 'wsticket-corpus/classes/log-texts'
import { exchange } from 'wsticket-corpus/exchange'
import { linesWith, requestOf, utf8 } from 'wsticket-corpus/handshake-case'
import type { GatewayEvent } from '../../src/events.ts'
import { createAuditLog } from '../../src/server/audit-log.ts'
import { startGateway } from '../gateway-under-test.ts'
import { startEcho } from '../upstreams.ts'

const at = 1_700_000_000_000 as EpochMs
const ticketId = 'BKwS2iqOpCW_Yv4MKARwZny2KRFgqLWsVHguZVFm7xA' as TicketId

/** Every event, with the text wherever a text of somebody else's can stand. */
function eventsWith(text: string): readonly GatewayEvent[] {
  const who = { subject: text as Subject, clientAddress: text, origin: text }
  return [
    { type: 'ticket_issued', at, ticketId, audience: text, expiresAt: at, ...who },
    { type: 'issue_refused', at, code: 'origin_forbidden', fault: null, ...who },
    { type: 'issue_refused', at, code: 'issue_unavailable', fault: text, ...who },
    { type: 'admitted', at, ticketId, audience: text, carrier: 'query', addressMatches: null, ...who },
    { type: 'refused', at, code: 'ticket_unknown', ticketId, carrier: null, fault: null, ...who },
    { type: 'dangerous_setting', at, setting: text, consequence: text },
  ]
}

function linesOf(events: readonly GatewayEvent[]): readonly string[] {
  const lines: string[] = []
  const log = createAuditLog((line) => lines.push(line))
  for (const event of events) log(event)
  return lines
}

/** What is wrong with a line that repeats a text. */
function complaintsOf({ name, verdict, text }: LogCase, line: string): readonly string[] {
  const complaints: string[] = []
  if (!/^\{[ -~]+\}\n$/.test(line)) complaints.push('is not one line of ASCII')
  if (verdict === 'readable' && !line.includes(text)) complaints.push('does not show the text')
  if (verdict === 'hidden' && line.includes(text.slice(-20))) complaints.push('shows a secret')
  const members = JSON.parse(line) as { readonly [member: string]: unknown }
  if (verdict !== 'hidden' && !Object.values(members).includes(text)) complaints.push('does not give the text back')
  return complaints.map((complaint) => `${name}: ${complaint}`)
}

describe('the audit log', () => {
  it('has one line of ASCII for each event, whatever text stands in it', () => {
    const complaints = logTexts.cases.flatMap((one) => {
      const events = eventsWith(one.text)
      const lines = linesOf(events)
      expect(lines).toHaveLength(events.length)
      return lines.flatMap((line) => complaintsOf(one, line))
    })
    expect(complaints).toEqual([])
  })

  it('has one line for each of these texts as an Origin over the wire, whatever becomes of it', async () => {
    const gateway = await startGateway((await startEcho()).url)
    for (const { text } of logTexts.cases) {
      const lines = linesWith('wsticket.v2', { origin: `Origin: ${utf8(text)}` })
      await exchange(gateway.port, requestOf('GET /ws HTTP/1.1', lines), { finishes: true })
    }
    const lines = linesOf(gateway.events)
    expect(lines.length).toBeGreaterThan(50)
    for (const line of lines) expect(line).toMatch(/^\{[ -~]+\}\n$/)
    expect(lines.join('')).not.toMatch(/wst_[\w-]{20}|eyJ[\w-]{10}/)
  })

  it('has one line for each of these texts as a subject', async () => {
    const gateway = await startGateway((await startEcho()).url)
    for (const { text } of logTexts.cases) await gateway.ticket(text)
    const lines = linesOf(gateway.events)
    expect(lines).toHaveLength(logTexts.cases.length)
    for (const line of lines) expect(line).toMatch(/^\{[ -~]+\}\n$/)
  })
})
