import { describe, expect, it } from 'vitest'
import { type HttpAnswer, issueRefusalAnswer, refusalAnswer } from '../../src/problem.ts'
import {
  type IssueRefusalCode,
  issueRefusals,
  type RefusalCode,
  type RefusalRow,
  refusals,
  retryAfterSeconds,
} from '../../src/refusals.ts'

const handshakeCodes = Object.keys(refusals) as RefusalCode[]
const issueCodes = Object.keys(issueRefusals) as IssueRefusalCode[]
const rows: readonly (readonly [string, RefusalRow])[] = [...Object.entries(refusals), ...Object.entries(issueRefusals)]
const answers: readonly (readonly [string, RefusalRow, HttpAnswer])[] = [
  ...handshakeCodes.map((code) => [code, refusals[code], refusalAnswer(code)] as const),
  ...issueCodes.map((code) => [code, issueRefusals[code], issueRefusalAnswer(code)] as const),
]

describe('the table of refusals', () => {
  it.each(rows)('has in the row %s what a close frame can carry', (_, { publicCode, closeCode, status }) => {
    // RFC 6455 section 5.5: 125 bytes, of which the code takes 2. ASCII, so that every character is one byte.
    expect(publicCode).toMatch(/^[a-z_]{1,123}$/)
    // RFC 6455 section 7.4.2: 4000 and up are for us; 1012 and 1013 are registered.
    expect([4000 + status, 1012, 1013]).toContain(closeCode)
  })

  it.each(rows)(
    'says in the row %s one thing to the developer, in ASCII, and nothing of what was checked',
    (_, row) => {
      expect(row.detail).toMatch(/^[A-Z][ -~]+\.$/)
      if (row.publicCode === 'invalid_ticket')
        expect(row.detail).not.toMatch(/spent|expired|revoked|unknown|address|lock|key/i)
    },
  )

  it('has one row for each public code that a thief could tell apart', () => {
    const shared = handshakeCodes.filter((code) => refusals[code].publicCode === 'invalid_ticket')
    expect(shared.sort()).toEqual([
      'address_mismatch',
      'audience_mismatch',
      'lock_mismatch',
      'ticket_expired',
      'ticket_malformed',
      'ticket_revoked',
      'ticket_spent',
      'ticket_unknown',
    ])
  })

  it('tells a client to stop where nothing will change, to wait where it may, and to come again only with a new ticket', () => {
    for (const [, { status, action }] of Object.entries(refusals)) {
      const expected =
        status === 401 || status === 408 ? 'new_ticket' : status === 503 || status === 429 ? 'wait' : 'stop'
      expect(action).toBe(expected)
    }
  })
})

describe('the answer to a refusal', () => {
  it.each([
    [0, '1'],
    [1, '1'],
    [1000, '1'],
    [1001, '2'],
    [29_999.5, '30'],
  ])('asks who has to wait for %d ms to wait whole seconds, and no fewer: %s', (retryAfterMs, seconds) => {
    expect(refusalAnswer('rate_limited', retryAfterMs).headers['Retry-After']).toBe(seconds)
    expect(issueRefusalAnswer('too_many_tickets', retryAfterMs).headers['Retry-After']).toBe(seconds)
  })

  it('is the same to the byte for every code that shares a public code', () => {
    for (const answerOf of [refusalAnswer, issueRefusalAnswer]) {
      const codes = answerOf === refusalAnswer ? handshakeCodes : issueCodes
      const bytesByCode = new Map<string, string>()
      for (const code of codes) {
        const answer = answerOf(code as never)
        const { code: publicCode } = JSON.parse(answer.body) as { code: string }
        const bytes = JSON.stringify([answer.status, Object.entries(answer.headers), answer.body])
        if (publicCode === 'forbidden') continue
        expect(bytesByCode.get(publicCode) ?? bytes, code).toBe(bytes)
        bytesByCode.set(publicCode, bytes)
      }
    }
    expect(refusalAnswer('origin_forbidden')).toEqual(refusalAnswer('permission_denied'))
  })

  it.each(answers)('%s is a problem document that nobody stores or sniffs', (_, row, answer) => {
    expect(answer.status).toBe(row.status)
    expect(answer.headers).toMatchObject({
      'Content-Type': 'application/problem+json',
      'Cache-Control': 'no-store',
      'X-Content-Type-Options': 'nosniff',
    })
    const { title, ...problem } = JSON.parse(answer.body) as { title: string }
    expect(problem).toEqual({ status: row.status, code: row.publicCode, detail: row.detail })
    expect(title).toMatch(/^[A-Z][A-Za-z ]+$/)
  })

  it.each(answers)('%s names what would help: a scheme, or a time to wait', (_, { status }, { headers }) => {
    expect('WWW-Authenticate' in headers).toBe(status === 401)
    expect(headers['Retry-After']).toBe(status === 503 || status === 429 ? `${retryAfterSeconds}` : undefined)
  })

  it('asks for a ticket at the WebSocket, and for a bearer token where tickets are issued', () => {
    expect(refusalAnswer('ticket_missing').headers['WWW-Authenticate']).toBe('Ticket realm="websocket"')
    // RFC 6750 section 3: no error code where there was no credential.
    expect(issueRefusalAnswer('credential_missing').headers['WWW-Authenticate']).toBe('Bearer realm="tickets"')
    for (const code of ['credential_malformed', 'credential_invalid', 'credential_expired'] as const) {
      expect(issueRefusalAnswer(code).headers['WWW-Authenticate']).toBe('Bearer realm="tickets", error="invalid_token"')
    }
  })

  it('has only headers that can be written, and no private code', () => {
    for (const [code, row, { headers, body }] of answers) {
      for (const [name, value] of Object.entries(headers)) expect(`${name}: ${value}`).toMatch(/^[A-Za-z-]+: [ -~]+$/)
      if (code !== row.publicCode) expect(body.includes(`"${code}"`)).toBe(false)
    }
  })
})
