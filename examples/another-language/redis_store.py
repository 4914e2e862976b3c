"""wsticket's tickets in Redis or Valkey: the scripts of docs/protocol.md, and who runs them."""

from __future__ import annotations

import redis
from redis.backoff import NoBackoff
from redis.retry import Retry

REIGN = """
local info = redis.call('INFO', 'replication')
if not string.find(info, '\\nrole:master\\r\\n', 1, true) then
  return redis.error_reply('READONLY this node is no primary')
end
local history = string.match(info, '\\nmaster_replid:(0*[1-9a-fA-F]%x*)')
local process = string.match(redis.call('INFO', 'server'), '\\nrun_id:(0*[1-9a-fA-F]%x*)')
if not history or not process then
  return redis.error_reply('MISCONF this server does not say which reign it is in')
end
local epoch = process .. ' ' .. history
"""
INSERT = REIGN + """
if redis.call('EXISTS', KEYS[1]) == 1 then
  return 6
end
local kept = redis.pcall('HSET', KEYS[1], 'record', ARGV[1], 'expires', ARGV[2],
  'epoch', epoch, 'unspent', '1', 'unrevoked', '1')
if type(kept) == 'table' then
  return kept
end
redis.call('PEXPIREAT', KEYS[1], ARGV[3])
return 5
"""
REDEEM = REIGN + """
local ticket = redis.call('HMGET', KEYS[1], 'epoch', 'unrevoked', 'unspent', 'expires', 'record')
if ticket[1] ~= epoch then
  return 0
end
if not ticket[2] then
  return 1
end
if not ticket[3] then
  return 2
end
if tonumber(ARGV[1]) >= tonumber(ticket[4]) then
  return 3
end
redis.call('HDEL', KEYS[1], 'unspent')
return ticket[5]
"""
REVOKE = REIGN + """
local ticket = redis.call('HMGET', KEYS[1], 'epoch', 'unrevoked', 'unspent', 'expires')
if ticket[1] ~= epoch or not ticket[2] or not ticket[3]
  or tonumber(ARGV[1]) >= tonumber(ticket[4]) then
  return 8
end
redis.call('HDEL', KEYS[1], 'unrevoked')
return 7
"""
REFUSALS = {0: 'unknown', 1: 'revoked', 2: 'spent', 3: 'expired'}
INSERTED = {5: True, 6: False}
REVOKED = {7: True, 8: False}
KEPT_AFTER_EXPIRY_MS = 120_000


class RedisStore:
    """A store over a connection of its own."""

    def __init__(self, url: str, deadline_s: int) -> None:
        # Who sends a script twice may be told "spent" of a ticket that it has redeemed itself.
        self._client = redis.Redis.from_url(
            url, socket_connect_timeout=deadline_s, socket_timeout=deadline_s,
            retry_on_timeout=False, retry_on_error=[], retry=Retry(NoBackoff(), 0))

    def insert(self, ticket_id: str, record: str, expires_at: int) -> bool:
        """Keep a record; False where the id is known, and then nothing is changed."""
        kept_until = expires_at + KEPT_AFTER_EXPIRY_MS
        return INSERTED[self._run(INSERT, ticket_id, record, expires_at, kept_until)]

    def redeem(self, ticket_id: str, now: int) -> tuple[str, str | None]:
        """Spend a ticket: ('redeemed', its record), or (why not, None)."""
        reply = self._run(REDEEM, ticket_id, now)
        if isinstance(reply, bytes):
            return 'redeemed', reply.decode('utf-8')
        return REFUSALS[reply], None

    def revoke(self, ticket_id: str, now: int) -> bool:
        """Void a ticket; False where there was nothing to void."""
        return REVOKED[self._run(REVOKE, ticket_id, now)]

    def _run(self, script: str, ticket_id: str, *arguments: str | int) -> int | bytes:
        return self._client.eval(script, 1, f'wsticket:{ticket_id}', *arguments)
