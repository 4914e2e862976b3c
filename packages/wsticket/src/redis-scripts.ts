/**
 * What is done to a ticket in Redis, as Lua: each script is one atomic step on one key (docs/protocol.md).
 *
 * A ticket is a hash. Its fields: `record`, the record's text; `expires`, its `expiresAt`; `epoch`, the reign in which it was
 * issued; and the two markers `unspent` and `unrevoked`. It is pending while it has both. Spending and revoking take a marker
 * away, for Redis does that even where it has no memory left to write one.
 * @module
 */
import { sha1 } from '@noble/hashes/legacy.js'
import { bytesToHex } from '@noble/hashes/utils.js'

/** A script, and the SHA-1 by which a server knows it. */
export interface RedisScript {
  readonly text: string
  readonly sha: string
}

/** The scripts, by what they do. KEYS[1] is the ticket's key. */
export interface RedisScripts {
  /** ARGV: record, expires, when the key goes. Replies `inserted`, or `known` where the key is there. */
  readonly insert: RedisScript
  /** ARGV: now. Replies the record, which is spent then; else `unknown`, `revoked`, `spent` or `expired`. */
  readonly redeem: RedisScript
  /** ARGV: now. Replies `unknown`, or two elements: `pending`, `revoked`, `spent` or `expired`, and the record. */
  readonly read: RedisScript
  /** ARGV: now. Replies `voided`, or `untouched` where there was nothing to void. */
  readonly revoke: RedisScript
}

/** What the scripts reply, as integers. Two scripts that reply the same mean the same: mixed-up replies are noticed. */
export const codes = {
  unknown: 0,
  revoked: 1,
  spent: 2,
  expired: 3,
  pending: 4,
  inserted: 5,
  known: 6,
  voided: 7,
  untouched: 8,
  counted: 9,
  lost: 10,
} as const

/** Whether a ticket is bound to the reign that issued it. */
export type EpochFence = 'required' | 'none_may_admit_twice'

/**
 * The reign of a primary: another one begins with every start (`run_id`), and with every promotion and change of the history that
 * replicas can follow (`master_replid`). Neither is enough: a process that is replaced and put back keeps its `run_id`, and a
 * replica, also one that takes over in a cluster before it has heard of another, can have the `master_replid` of its primary. Hence the
 * look at the role as well.
 */
const reignOfPrimary = `
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
`

const prologues: { readonly [fence in EpochFence]: string } = {
  required: reignOfPrimary,
  none_may_admit_twice: "\nlocal epoch = 'none'\n",
}

// The error of HSET, and below that of ZADD, is replied as it is: Redis 6.2 would wrap what a script raises, and OOM could not be told.
const insert = `
if redis.call('EXISTS', KEYS[1]) == 1 then
  return ${codes.known}
end
local kept = redis.pcall('HSET', KEYS[1], 'record', ARGV[1], 'expires', ARGV[2], 'epoch', epoch, 'unspent', '1', 'unrevoked', '1')
if type(kept) == 'table' then
  return kept
end
redis.call('PEXPIREAT', KEYS[1], ARGV[3])
return ${codes.inserted}
`

const redeem = `
local ticket = redis.call('HMGET', KEYS[1], 'epoch', 'unrevoked', 'unspent', 'expires', 'record')
if ticket[1] ~= epoch then
  return ${codes.unknown}
end
if not ticket[2] then
  return ${codes.revoked}
end
if not ticket[3] then
  return ${codes.spent}
end
if tonumber(ARGV[1]) >= tonumber(ticket[4]) then
  return ${codes.expired}
end
redis.call('HDEL', KEYS[1], 'unspent')
return ticket[5]
`

const read = `
local ticket = redis.call('HMGET', KEYS[1], 'epoch', 'unrevoked', 'unspent', 'expires', 'record')
if ticket[1] ~= epoch then
  return ${codes.unknown}
end
if not ticket[2] then
  return { ${codes.revoked}, ticket[5] }
end
if not ticket[3] then
  return { ${codes.spent}, ticket[5] }
end
if tonumber(ARGV[1]) >= tonumber(ticket[4]) then
  return { ${codes.expired}, ticket[5] }
end
return { ${codes.pending}, ticket[5] }
`

const revoke = `
local ticket = redis.call('HMGET', KEYS[1], 'epoch', 'unrevoked', 'unspent', 'expires')
if ticket[1] ~= epoch or not ticket[2] or not ticket[3] or tonumber(ARGV[1]) >= tonumber(ticket[4]) then
  return ${codes.untouched}
end
redis.call('HDEL', KEYS[1], 'unrevoked')
return ${codes.voided}
`

// Adds before it removes: Redis looks at its maxmemory only until a script has written something.
const claim = `
local present = '(' .. ARGV[1]
if redis.call('ZCOUNT', KEYS[1], present, '+inf') >= tonumber(ARGV[2]) then
  return redis.call('ZRANGEBYSCORE', KEYS[1], present, '+inf', 'WITHSCORES', 'LIMIT', 0, 1)[2]
end
local kept = redis.pcall('ZADD', KEYS[1], ARGV[4], ARGV[3])
if type(kept) == 'table' then
  return kept
end
redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', ARGV[1])
local last = redis.call('ZRANGE', KEYS[1], -1, -1, 'WITHSCORES')[2]
redis.call('PEXPIREAT', KEYS[1], string.format('%.0f', last + ARGV[5]))
return ${codes.counted}
`

// The server's clock numbers the entries. Adds before it removes, as above.
const append = `
local id = redis.pcall('XADD', KEYS[1], '*', 'nonce', ARGV[1], 'entry', ARGV[2])
if type(id) == 'table' then
  return id
end
local old = tonumber(redis.call('TIME')[1]) * 1000 - tonumber(ARGV[3])
local oldest = redis.call('XRANGE', KEYS[1], '-', string.format('%.0f', old), 'COUNT', 65)
if #oldest > 1 then
  redis.call('XTRIM', KEYS[1], 'MINID', oldest[#oldest][1])
end
return id
`

const readAfter = `
local from = '-'
if ARGV[1] ~= '' then
  local at = redis.call('XRANGE', KEYS[1], ARGV[1], ARGV[1])[1]
  if not at or at[2][2] ~= ARGV[2] then
    return ${codes.lost}
  end
  from = '(' .. ARGV[1]
end
return redis.call('XRANGE', KEYS[1], from, '+', 'COUNT', ARGV[3])
`

const encoder = new TextEncoder()

/** A script, with its digest. */
export function script(text: string): RedisScript {
  return { text, sha: bytesToHex(sha1(encoder.encode(text))) }
}

/**
 * Counts a ticket in the sorted set of its subject, KEYS[1]: ids by when they are over. ARGV: now, the most, the ticket's id, its
 * `expiresAt`, how much longer the key stays. Replies `counted`, or as text when the first of those is over that are counted. Needs no
 * fence: it decides of nothing that could be redeemed.
 */
export const claimScript: RedisScript = script(claim)

/**
 * Writes an entry behind all others of the stream KEYS[1], and drops up to 64 of the oldest that have an old one behind them. ARGV:
 * nonce, entry, the age of an old one in milliseconds. Replies the entry's id.
 */
export const appendScript: RedisScript = script(append)

/**
 * ARGV: the id and the nonce of the entry behind which is read, both empty for the beginning; how many at the most. Replies the entries as
 * XRANGE does, or `lost` where that entry is not there.
 */
export const readAfterScript: RedisScript = script(readAfter)

/** The four scripts on tickets, with the fence or without it. */
export function createRedisScripts(fence: EpochFence): RedisScripts {
  const fenced = (body: string) => script(prologues[fence] + body)
  return {
    insert: fenced(insert),
    redeem: fenced(redeem),
    read: fenced(read),
    revoke: fenced(revoke),
  }
}
