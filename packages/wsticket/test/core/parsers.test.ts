import { describe, expect, it } from 'vitest'
import { parserProperties } from 'wsticket-corpus/parser-properties'
import { authorization } from '../../src/carriers/authorization.ts'
import { cookie } from '../../src/carriers/cookie.ts'
import { query } from '../../src/carriers/query.ts'
import { subprotocol } from '../../src/carriers/subprotocol.ts'
import { createClientAddressResolver } from '../../src/checks/client-address.ts'
import { parseOrigins } from '../../src/checks/origin.ts'
import { copyClaims } from '../../src/claims.ts'
import { parseEventStreamRequest } from '../../src/event-stream-request.ts'
import { parseHandshake } from '../../src/handshake.ts'
import { readRecord, writeRecord } from '../../src/record-text.ts'
import { parseTicket } from '../../src/ticket.ts'
import { readRequestedTicket } from '../../src/ticket-request.ts'

const properties = parserProperties({
  parseHandshake,
  parseEventStreamRequest,
  carriers: [subprotocol, authorization, query, cookie],
  parseOrigins,
  createClientAddressResolver,
  parseTicket,
  readRequestedTicket,
  writeRecord,
  readRecord,
  copyClaims,
})

describe('whatever it is given,', () => {
  it.each(properties)('the parser of $parser does not throw, and takes only what is canonical', async ({ check }) => {
    const { executions, failure } = await check({ runs: 1000 })
    expect(failure).toBeNull()
    expect(executions).toBe(1000)
  })
})
