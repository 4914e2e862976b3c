/**
 * Counts outstanding tickets in PostgreSQL: each subject has a row in the table of tickets, which is swept as theirs are.
 * @module
 */
import { withinDeadline } from '../deadline.ts'
import { sha256 } from '../digest.ts'
import { defaultEngineDeadlineMs, type Engine } from '../engine.ts'
import { StoreError } from '../errors.ts'
import type { PostgresDriver, Row } from '../postgres-driver.ts'
import { rejectForWant, stateOf, uniqueViolation } from '../postgres-engine.ts'
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
        const put = () => driver.query(statements.claim(row, ticket.id, ticket.expiresAt, now, most), asker)
        const [counted] = await put().catch((error) => retryAsSecond(error, put))
        if (counted?.id === row) return 0
        if (counted !== undefined) throw new StoreError('corrupt', 'the store answered about another subject')
        const [first] = await driver.query(statements.firstOver(row, now), asker)
        // Given back meanwhile: there is room again.
        return Math.max(1, Number(first?.over ?? now) - now)
      }),
    // Not asked as a question of the store: nobody waits for it, and where it fails redeeming goes on.
    async giveBack(ticket) {
      const asker = { over: false }
      const given = driver.query(statements.giveBack(rowOf(ticket), ticket.id), asker)
      await withinDeadline(given, defaultEngineDeadlineMs).finally(() => {
        asker.over = true
      })
    },
  }
}

/**
 * ON CONFLICT is about one index, and `(expires_at, id)` is unique, too: of two who make the row of a subject in the same moment one
 * may be told so. Nothing was written for him, and now there is a row.
 */
function retryAsSecond(error: unknown, put: () => Promise<readonly Row[]>): Promise<readonly Row[]> {
  return stateOf(error) === uniqueViolation ? put() : rejectForWant(error)
}
