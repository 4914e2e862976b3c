/**
 * Counts outstanding tickets in PostgreSQL: each subject has a row in the table of tickets, which is swept as theirs are.
 * @module
 */
import { sha256 } from '../digest.ts'
import type { Engine } from '../engine.ts'
import { StoreError } from '../errors.ts'
import type { PostgresDriver } from '../postgres-driver.ts'
import type { PostgresStatements } from '../postgres-statements.ts'
import type { CountedTicket, TicketQuota } from '../ticket-quota.ts'

/** Counts on the engine of a store. */
export function createPostgresQuota(
  engine: Engine,
  driver: PostgresDriver,
  statements: Pick<PostgresStatements, 'claim' | 'firstOver' | 'giveBack'>,
): TicketQuota {
  // No id of a ticket has a colon. The digest, for a subject may be long, and says who somebody is.
  const rowOf = ({ subject }: CountedTicket) => `quota:${sha256(subject)}`
  return {
    claim: (ticket, most, now) =>
      engine.ask(async (asker) => {
        const row = rowOf(ticket)
        const claim = statements.claim(row, ticket.id, ticket.expiresAt, now, most)
        const [counted] = await driver.query(claim, asker)
        if (counted?.id === row) return 0
        if (counted !== undefined) throw new StoreError('corrupt', 'the store answered about another subject')
        const [first] = await driver.query(statements.firstOver(row, now), asker)
        // Given back meanwhile: there is room again.
        return Math.max(1, Number(first?.over ?? now) - now)
      }),
    giveBack: (ticket) =>
      engine.ask(async (asker) => {
        await driver.query(statements.giveBack(rowOf(ticket), ticket.id), asker)
      }),
  }
}
