/**
 * Counts outstanding tickets in SQLite: each has a row in a table beside that of the tickets, and in the same reign.
 * @module
 */
import { sha256 } from '../digest.ts'
import type { PreparedDatabase } from '../sqlite-connection.ts'
import type { TicketQuota } from '../ticket-quota.ts'

/** What is prepared for a quota, by name. */
export const sqliteQuotaSql = {
  claim: `INSERT INTO wsticket_outstanding (subject, id, expires_at, reign)
    SELECT ?, ?, ?, ? WHERE ? > (SELECT count(*) FROM wsticket_outstanding
      WHERE subject = ? AND reign = ? AND expires_at > ?)
    ON CONFLICT (subject, id) DO UPDATE SET expires_at = excluded.expires_at, reign = excluded.reign`,
  firstOver: `SELECT min(expires_at) AS over FROM wsticket_outstanding
      WHERE subject = ? AND reign = ? AND expires_at > ?`,
  giveBack: 'DELETE FROM wsticket_outstanding WHERE subject = ? AND id = ?',
}

type Counts = PreparedDatabase<keyof typeof sqliteQuotaSql>

/** Puts a question to the database of a store, and says what it throws where the disk is full. */
type Ask = <Answer>(question: (counts: Counts) => Answer, whenFull?: 'capacity') => Promise<Answer>

/** Counts on the database of a store. */
export function createSqliteQuota(ask: Ask): TicketQuota {
  return {
    claim({ id, subject, expiresAt }, most, now) {
      // Its digest: a subject may be long, and says who somebody is.
      const whose = sha256(subject)
      return ask(({ statements, database: { reign } }) => {
        const counted = [whose, reign, now]
        if (statements.claim.run(whose, id, expiresAt, reign, most, ...counted).changes === 1) return 0
        const [first] = statements.firstOver.all(...counted)
        // None: given back by another process meanwhile, and there is room again.
        return Math.max(1, Number(first?.over ?? now) - now)
      }, 'capacity')
    },
    // Asked as a question of the store, unlike elsewhere: what fails here is the file that tickets are redeemed in.
    giveBack: ({ id, subject }) => ask(({ statements }) => void statements.giveBack.run(sha256(subject), id)),
  }
}
