import { describe, expect, it } from 'vitest'
import { createAudienceCheck } from '../../src/checks/audience.ts'
import { handshake, recordOf, ticketOf } from '../core/fixtures.ts'

const attempt = { handshake: handshake(), carrier: 'subprotocol', key: null, clientAddress: null } as const

describe('the audience check', () => {
  it('lets a ticket for this audience pass', () => {
    expect(createAudienceCheck('chat')(recordOf(ticketOf(1), { audience: 'chat' }), attempt)).toBeNull()
  })

  it.each(['', 'Chat', 'chat ', ' chat', 'chat/', 'chats', 'cha', '*', 'chat\u0000', 'other'])(
    'refuses a ticket for %j',
    (audience) => {
      const record = recordOf(ticketOf(1), { audience })
      expect(createAudienceCheck('chat')(record, attempt)).toBe('audience_mismatch')
    },
  )
})
