/**
 * Whether a store has answered with what was asked for, whole.
 * @module
 */
import { StoreError } from './errors.ts'
import type { TicketId, TicketRecord } from './ticket.ts'

/**
 * A store that answers with another ticket's record has mixed up its replies; one that has lost an instant would open a session
 * without end, and one that has lost the lock a ticket that is locked. Nobody is admitted on any of them.
 * @throws StoreError `corrupt`
 */
export function requireIntact(record: TicketRecord, id: TicketId): TicketRecord {
  const { expiresAt, sessionExpiresAt, lock } = record
  if (record.id !== id) throw new StoreError('corrupt', 'the store answered with the record of another ticket')
  if (!Number.isFinite(expiresAt) || !(sessionExpiresAt === null || Number.isFinite(sessionExpiresAt)))
    throw new StoreError('corrupt', 'the store answered with a record that does not say when it ends')
  if (lock !== null && typeof lock !== 'string')
    throw new StoreError('corrupt', 'the store answered with a record that does not say whether it is locked')
  return record
}
