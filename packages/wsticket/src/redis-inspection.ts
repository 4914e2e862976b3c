/**
 * What a Redis is like, as far as tickets go. Asks with INFO alone: managed services forbid CONFIG.
 * @module
 */
import { withinDeadline } from './deadline.ts'
import { ConfigurationError, StoreError } from './errors.ts'
import type { PrimaryName, RedisCommand, RedisDriver, SendToNode } from './redis-driver.ts'
import type { EpochFence } from './redis-scripts.ts'
import type { StoreInspection } from './ticket-store.ts'

// A script sees what scripts will see, also where a proxy answers INFO by itself or an ACL forbids it.
const reignScript = `
local info = ''
for _, section in ipairs({ 'server', 'replication' }) do
  local part = redis.pcall('INFO', section)
  if type(part) == 'string' then
    info = info .. part .. '\\r\\n'
  end
end
return info
`

const oldestVersion = 6.2

const guarantees: { readonly [fence in EpochFence]: string } = {
  required:
    'A ticket is redeemed at most once, on the primary that issued it and only while that stays primary: a restart, a failover, a moved slot or a restored backup voids the tickets that are outstanding.',
  none_may_admit_twice:
    'A ticket is redeemed at most once while its primary runs; after a restart, a failover or a restored backup it may be redeemed once more.',
}

/** The lines of INFO, by name. Empty where INFO is forbidden. */
type Info = ReadonlyMap<string, string>

interface RedisNode {
  readonly server: Info
  readonly memory: Info
  readonly replication: Info
}

/** What a store is about to do. */
interface Inspecting {
  readonly fence: EpochFence
  readonly deadlineMs: number
  /** The one to look at. Null: all. */
  readonly primary: PrimaryName
}

/**
 * Waits until Redis can be reached, and looks at a primary, or at all where it is none any more.
 * @throws ConfigurationError for one on which a ticket could be redeemed twice, or be lost without a sound; StoreError or the
 * error of the client where it cannot be told.
 */
export async function inspectRedis(driver: RedisDriver, inspecting: Inspecting): Promise<StoreInspection> {
  const { fence, deadlineMs } = inspecting
  await driver.ready()
  const primaries = await driver.primaries()
  const own = primaries.filter(({ name }) => name === inspecting.primary)
  // Half the time, so that one primary that is silent does not take the others with it.
  const looks = await Promise.allSettled(
    (own.length > 0 ? own : primaries).map(({ send }) => withinDeadline(lookAt(send), deadlineMs / 2)),
  )
  const nodes = looks.flatMap((look) => (look.status === 'fulfilled' ? [look.value] : []))
  const failed = looks.find((look) => look.status === 'rejected')
  if (nodes.length === 0 && failed !== undefined) throw failed.reason
  const [primary, ...others] = nodes.filter(isNoLeftover)
  // Where none was named, all were looked at: the only one that a client of a single server has is named null.
  if (primary === undefined && own.length > 0 && inspecting.primary !== null)
    return inspectRedis(driver, { ...inspecting, primary: null })
  if (primary === undefined) throw new StoreError('unavailable', 'no primary of the cluster is reached now')
  for (const node of [primary, ...others]) requireSound(node, fence)
  return {
    engine: engineOf(primary, 1 + others.length),
    guarantee: guarantees[fence],
    mayAdmitTwice: fence === 'none_may_admit_twice',
    weaknesses: [
      ...(failed === undefined ? [] : ['One of the primaries did not answer, and was not looked at: inspect again.']),
      ...weaknessesOf([primary, ...others], fence),
    ],
  }
}

async function lookAt(send: SendToNode): Promise<RedisNode> {
  const server = await askForInfo(send, ['INFO', 'server'])
  if (server.get('redis_mode') === 'sentinel')
    throw new ConfigurationError(
      'client',
      'must reach a primary by way of the sentinels, and is connected to a sentinel',
    )
  const [memory, replication] = await Promise.all([
    askForInfo(send, ['INFO', 'memory']),
    askForInfo(send, ['EVAL', reignScript, '0']),
  ])
  return { server, memory, replication }
}

const forbidden = /^(?:NOPERM|ERR unknown command)/

async function askForInfo(send: SendToNode, command: RedisCommand): Promise<Info> {
  const reply = await send(command).catch((error: unknown) => {
    if (error instanceof Error && forbidden.test(error.message) && command[0] === 'INFO') return ''
    throw error
  })
  if (typeof reply !== 'string') throw new StoreError('corrupt', 'redis answered INFO with something else')
  return new Map(Array.from(reply.matchAll(/^([a-z0-9_]+):([^\r\n]*)/gm), ([, name = '', value = '']) => [name, value]))
}

/** A client may take a node of a cluster for a primary that has just become a replica. Its keys are elsewhere now. */
function isNoLeftover({ server, replication }: RedisNode): boolean {
  return server.get('redis_mode') !== 'cluster' || replication.get('role') !== 'slave'
}

function requireSound(node: RedisNode, fence: EpochFence): void {
  const role = node.replication.get('role')
  if (role !== undefined && role !== 'master')
    throw new ConfigurationError('client', `must reach a primary, and reaches a server whose role is ${role}`)
  const version = node.server.get('redis_version')
  if (version !== undefined && Number.parseFloat(version) < oldestVersion)
    throw new ConfigurationError('client', `must reach Redis ${oldestVersion} or later, and reaches ${version}`)
  if (isBounded(node.memory) && policyOf(node.memory) !== 'noeviction')
    throw new ConfigurationError(
      'maxmemory-policy',
      `must be noeviction, for ${policyOf(node.memory)} drops tickets: CONFIG SET maxmemory-policy noeviction, or give tickets a server of their own`,
    )
  if (fence === 'required') requireReign(node)
}

const identityForm = /^0*[1-9a-f][0-9a-f]*$/i

function requireReign({ replication }: RedisNode): void {
  if (['run_id', 'master_replid'].every((name) => identityForm.test(replication.get(name) ?? ''))) return
  throw new ConfigurationError(
    'epochFence',
    'cannot be kept: scripts find no run_id in INFO server, or no master_replid in INFO replication. Allow INFO to this user (ACL SETUSER ... +info), or accept that a failover may admit a ticket twice (none_may_admit_twice)',
  )
}

function isBounded(memory: Info): boolean {
  return memory.has('maxmemory') && memory.get('maxmemory') !== '0'
}

function policyOf(memory: Info): string | undefined {
  return memory.get('maxmemory_policy')
}

function engineOf({ server }: RedisNode, primaries: number): string {
  const valkey = server.get('valkey_version')
  const name =
    valkey === undefined ? `redis ${server.get('redis_version') ?? 'of an unknown version'}` : `valkey ${valkey}`
  return server.get('redis_mode') === 'cluster' ? `${name}, cluster of ${primaries}` : `${name}, standalone`
}

function weaknessesOf(nodes: readonly RedisNode[], fence: EpochFence): string[] {
  const weaknesses: string[] = []
  if (fence === 'none_may_admit_twice')
    weaknesses.push(
      'The epoch fence is off (epochFence): a failover, a restart or a restored backup may admit a ticket twice.',
    )
  if (nodes.some(({ memory }) => !memory.has('maxmemory') || !memory.has('maxmemory_policy')))
    weaknesses.push(
      'INFO memory does not say whether records are evicted: make sure that maxmemory-policy is noeviction.',
    )
  return weaknesses
}
