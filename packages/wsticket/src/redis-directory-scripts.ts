/**
 * What the session directory does in Redis, as Lua: each script is one atomic step on four keys of one slot (docs/protocol.md).
 *
 * KEYS[1] is a hash of entries: an id, and behind it node, digest of the subject and text. KEYS[2] is a sorted set of nodes by how long they
 * are alive, in milliseconds. KEYS[3] is a sorted set in which every score is 0, so that it is in the order of its texts: of an entry there are
 * `i:` id `:` node; `s:` digest `:` id `:` node; and `n:` node `:` id `:` digest. KEYS[4] is a hash of how many sessions each node has.
 * @module
 */
import { type RedisScript, script } from './redis-scripts.ts'

const keepMs = 86_400_000
const sweepBatch = 500

// The entry itself stays where another node has taken it over.
const removal = `
local function remove(id, digest, node)
  redis.call('ZREM', KEYS[3], 'i:' .. id .. ':' .. node, 's:' .. digest .. ':' .. id .. ':' .. node, 'n:' .. node .. ':' .. id .. ':' .. digest)
  local found = redis.call('HGET', KEYS[1], id)
  if found and string.match(found, '^(%S+) ') == node then
    redis.call('HDEL', KEYS[1], id)
  end
end
`

// What grows comes first, and its error is replied as it is: Redis looks at its maxmemory only until a script has written something.
const tell = `${removal}
local node, before, alive, now, count, present, gone = ARGV[1], ARGV[2], ARGV[3], ARGV[4], ARGV[5], tonumber(ARGV[6]), 7 + 3 * ARGV[6]
local was = redis.call('ZSCORE', KEYS[2], node)
local kept = redis.pcall('ZADD', KEYS[2], alive, node)
if type(kept) == 'table' then
  return kept
end
redis.call('HSET', KEYS[4], node, count)
for at = 7, gone - 1, 3 do
  local id, digest = ARGV[at], ARGV[at + 1]
  local owner = string.match(redis.call('HGET', KEYS[1], id) or '', '^(%S+) ') or node
  -- A word that comes late takes nothing back.
  if owner == node or tonumber(redis.call('ZSCORE', KEYS[2], owner) or 0) <= tonumber(alive) then
    redis.call('HSET', KEYS[1], id, node .. ' ' .. digest .. ' ' .. ARGV[at + 2])
    redis.call('ZADD', KEYS[3], 0, 'i:' .. id .. ':' .. node, 0, 's:' .. digest .. ':' .. id .. ':' .. node, 0, 'n:' .. node .. ':' .. id .. ':' .. digest)
  end
end
for at = gone, #ARGV, 2 do
  remove(ARGV[at], ARGV[at + 1], node)
end
local dead = redis.call('ZRANGEBYSCORE', KEYS[2], '-inf', now, 'LIMIT', 0, 1)[1]
if dead then
  -- First: one that comes back meanwhile is out of step.
  redis.call('ZADD', KEYS[2], 0, dead)
  local left = redis.call('ZRANGEBYLEX', KEYS[3], '[n:' .. dead .. ':', '(n:' .. dead .. ';', 'LIMIT', 0, ${sweepBatch})
  for _, member in ipairs(left) do
    local id, digest = string.match(member, '([%w_-]+):([%w_-]+)$')
    remove(id, digest, dead)
  end
  if #left < ${sweepBatch} then
    redis.call('ZREM', KEYS[2], dead)
    redis.call('HDEL', KEYS[4], dead)
  end
end
for _, key in ipairs(KEYS) do
  redis.call('PEXPIRE', key, ${keepMs})
end
if before == '' and not was or was and before ~= '' and tonumber(was) == tonumber(before) and tonumber(was) > tonumber(now) then
  return 'in_step'
end
return 'out_of_step'
`

const list = `
local now, prefix, after, most = tonumber(ARGV[1]), ARGV[2], ARGV[3], tonumber(ARGV[4])
local from = after == '' and '[' .. prefix or '(' .. prefix .. after .. ';'
local to = '(' .. string.sub(prefix, 1, -2) .. ';'
local alive = {}
local texts = {}
while #texts < most do
  local members = redis.call('ZRANGEBYLEX', KEYS[3], from, to, 'LIMIT', 0, 2 * most)
  for _, member in ipairs(members) do
    local id, node = string.match(member, '([%w_-]+):([%w_-]+)$')
    if alive[node] == nil then
      alive[node] = tonumber(redis.call('ZSCORE', KEYS[2], node) or 0) > now
    end
    if alive[node] and #texts < most then
      local owner, text = string.match(redis.call('HGET', KEYS[1], id) or '', '^(%S+) %S+ (.*)$')
      if owner == node then
        texts[#texts + 1] = text
      end
    end
  end
  if #members < 2 * most then break end
  from = '(' .. members[#members]
end
return texts
`

const count = `
local sum = 0
for _, node in ipairs(redis.call('ZRANGEBYSCORE', KEYS[2], '(' .. ARGV[1], '+inf')) do
  sum = sum + tonumber(redis.call('HGET', KEYS[4], node) or 0)
end
return sum
`

/**
 * ARGV: node, until when it was alive as far as it knows or nothing, until when it is, now, how many sessions it has, how many entries follow; of
 * each id, digest of the subject and text; then of those that are gone id and digest. Replies `in_step` or `out_of_step`. Removes up to 500 entries of
 * a node that is dead.
 */
export const tellScript: RedisScript = script(tell)

/** ARGV: now, `i:` or `s:` with a digest and a colon, the id behind which is read or nothing, how many. Replies the texts. */
export const listScript: RedisScript = script(list)

/** ARGV: now. Replies a number. */
export const countScript: RedisScript = script(count)
