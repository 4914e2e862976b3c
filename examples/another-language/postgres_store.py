"""wsticket's tickets in PostgreSQL: the statements of docs/protocol.md, and who runs them."""

from __future__ import annotations

import select
import time

import psycopg2
from psycopg2 import errors, extensions

INSERT = """
INSERT INTO wsticket_tickets (id, record, expires_at)
VALUES (%(id)s, %(record)s, %(expires_at)s) RETURNING id
"""
REDEEM = """
UPDATE wsticket_tickets SET state = 'redeemed' WHERE id = %(id)s AND state = 'pending'
AND expires_at > %(now)s AND reign = pg_postmaster_start_time() RETURNING record
"""
REVOKE = """
UPDATE wsticket_tickets SET state = 'revoked' WHERE id = %(id)s AND state = 'pending'
AND expires_at > %(now)s AND reign = pg_postmaster_start_time() RETURNING id
"""
READ = """
SELECT record, CASE WHEN state = 'pending' AND expires_at <= %(now)s THEN 'expired' ELSE state END
AS state FROM wsticket_tickets WHERE id = %(id)s AND reign = pg_postmaster_start_time()
"""
SWEEP = """
WITH swept AS (DELETE FROM wsticket_tickets WHERE expires_at <= %(long_ago)s AND ctid = ANY
(ARRAY (SELECT ctid FROM wsticket_tickets WHERE expires_at <= %(long_ago)s LIMIT 1000))
RETURNING 1) SELECT count(*)::text AS rows FROM swept
"""
KEPT_AFTER_EXPIRY_MS = 60_000


class PostgresStore:
    """A store over a connection of its own, in a table that is there already."""

    def __init__(self, url: str, deadline_s: int) -> None:
        # psycopg2 alone would wait for ever on a server that is silent.
        extensions.set_wait_callback(lambda connection: wait(connection, deadline_s))
        self._connection = psycopg2.connect(url, client_encoding='UTF8')
        self._connection.set_session(isolation_level='READ COMMITTED', autocommit=True)

    def insert(self, ticket_id: str, record: str, expires_at: int) -> bool:
        """Keep a record; False where the id is known. Removes some that expired long ago."""
        self._run(SWEEP, long_ago=time.time_ns() // 1_000_000 - KEPT_AFTER_EXPIRY_MS)
        try:
            self._run(INSERT, id=ticket_id, record=record, expires_at=expires_at)
        except errors.UniqueViolation:
            return False
        return True

    def redeem(self, ticket_id: str, now: int) -> tuple[str, str | None]:
        """Spend a ticket: ('redeemed', its record), or (why not, None)."""
        row = self._run(REDEEM, id=ticket_id, now=now)
        if row is not None:
            return 'redeemed', row[0]
        _, state = self._run(READ, id=ticket_id, now=now) or ('', 'unknown')
        # Pending: it was issued after the redeem, which found none.
        return {'redeemed': 'spent', 'pending': 'unknown'}.get(state, state), None

    def revoke(self, ticket_id: str, now: int) -> bool:
        """Void a ticket; False where there was nothing to void."""
        return self._run(REVOKE, id=ticket_id, now=now) is not None

    def _run(self, statement: str, **parameters: str | int) -> tuple[str, ...] | None:
        with self._connection.cursor() as cursor:
            cursor.execute(statement, parameters)
            return cursor.fetchone()


def wait(connection: extensions.connection, deadline_s: int) -> None:
    """Wait until the server has answered; TimeoutError when it is late."""
    end = time.monotonic() + deadline_s
    while (state := connection.poll()) != extensions.POLL_OK:
        reading = [connection] if state == extensions.POLL_READ else []
        writing = [connection] if state == extensions.POLL_WRITE else []
        if not any(select.select(reading, writing, [], max(0, end - time.monotonic()))):
            raise TimeoutError
