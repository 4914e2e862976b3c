/**
 * Audience: a ticket opens the WebSocket service that it was issued for, and no other.
 * @module
 */
import type { TicketCheck } from '../check.ts'

/** Refuses tickets of any other audience. Compared exactly. */
export function createAudienceCheck(audience: string): TicketCheck {
  return (record) => (record.audience === audience ? null : 'audience_mismatch')
}
