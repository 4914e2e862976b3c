/**
 * What a Redis may reply that none here does: those of other makers, and one whose replies are mixed up.
 */
import { expect, it } from 'vitest'
import type { EpochMs } from '../../src/clock.ts'
import type { RedisCommand, RedisDriver } from '../../src/redis-driver.ts'
import { codes } from '../../src/redis-scripts.ts'
import { createRedisStore, type RedisStoreOptions } from '../../src/stores/redis.ts'
import { sampleRecord } from '../../src/testing/store-harness.ts'
import type { TicketStore } from '../../src/ticket-store.ts'

const now = 1_800_000_000_000 as EpochMs

type Sections = { readonly server: string; readonly memory: string; readonly replication: string }

const sound: Sections = {
  server: '# Server\r\nredis_version:7.4.2\r\nredis_mode:standalone\r\n',
  memory: '# Memory\r\nmaxmemory:0\r\nmaxmemory_policy:allkeys-lru\r\n',
  replication: `run_id:${'1'.repeat(40)}\r\n# Replication\r\nrole:master\r\nmaster_replid:${'2'.repeat(40)}\r\n`,
}

/** Answers INFO with these sections, the scripts with a reply. */
function driverThat(sections: Sections, reply: unknown = null): RedisDriver {
  const send = async ([name, section]: RedisCommand) => {
    if (name === 'EVAL') return sections.replication
    return section === 'server' ? sections.server : sections.memory
  }
  return {
    ready: async () => {},
    primaryOf: () => null,
    primaries: async () => [{ name: null, send }],
    send: async () => reply,
    reconnect: () => {},
  }
}

function storeOn(sections: Partial<Sections>, options: RedisStoreOptions = {}): TicketStore {
  return createRedisStore(driverThat({ ...sound, ...sections }), options)
}

it('knows Valkey by the version that is its own', async () => {
  const server = 'redis_version:7.2.4\r\nserver_name:valkey\r\nvalkey_version:8.1.3\r\nredis_mode:standalone\r\n'
  expect((await storeOn({ server }).inspect()).engine).toBe('valkey 8.1.3, standalone')
})

it.each(['6.0.20', '5.0.14', '2.8.9'])('refuses Redis %s, which is too old', async (version) => {
  const store = storeOn({ server: `redis_version:${version}\r\nredis_mode:standalone\r\n` })
  await expect(store.inspect()).rejects.toThrow(`client must reach Redis 6.2 or later, and reaches ${version}`)
})

it.each(['6.2.0', '7.0.15', '8.4.0', '10.1.0'])('takes Redis %s', async (version) => {
  const { engine } = await storeOn({ server: `redis_version:${version}\r\nredis_mode:standalone\r\n` }).inspect()
  expect(engine).toBe(`redis ${version}, standalone`)
})

it.each([
  ['run_id:1\r\nrole:master\r\n', 'is missing'],
  ['run_id:1\r\nrole:master\r\nmaster_replid:\r\n', 'is empty'],
  ['run_id:1\r\nrole:master\r\nmaster_replid:0000000000000000000000000000000000000000\r\n', 'is all zeros'],
  ['run_id:1\r\nrole:master\r\nmaster_replid:unknown\r\n', 'is no number'],
  ['role:master\r\nmaster_replid:2\r\n', 'has no process'],
  ['', 'cannot be asked for'],
])('needs a word of the operator where the reign is %j: it %s', async (replication) => {
  await expect(storeOn({ replication }).inspect()).rejects.toMatchObject({ option: 'epochFence' })
  const { weaknesses } = await storeOn({ replication }, { epochFence: 'none_may_admit_twice' }).inspect()
  expect(weaknesses).toEqual([expect.stringMatching(/^The epoch fence is off .*twice\.$/)])
})

it.each(['slave', 'active-replica'])('refuses a server whose role is %s', async (role) => {
  const replication = sound.replication.replace('role:master', `role:${role}`)
  await expect(storeOn({ replication }).inspect()).rejects.toMatchObject({ option: 'client' })
})

it('says it where INFO does not tell of eviction', async () => {
  const { weaknesses } = await storeOn({ memory: '# Memory\r\nused_memory:1\r\n' }).inspect()
  expect(weaknesses).toEqual([expect.stringContaining('maxmemory-policy is noeviction')])
})

const strange: readonly unknown[] = [
  null,
  undefined,
  '',
  'OK',
  99,
  -1,
  '1',
  [],
  [codes.pending],
  [codes.pending, 7],
  [9, '{}'],
  {},
]

it.each(strange.map((reply) => ({ reply })))('admits nobody, and calls it a fault, on $reply', async ({ reply }) => {
  const { id } = sampleRecord(now)
  const questions = [
    (store: TicketStore) => store.insert(sampleRecord(now)),
    (store: TicketStore) => store.redeem(id, now),
    (store: TicketStore) => store.read(id, now),
    (store: TicketStore) => store.revoke(id, now),
  ]
  for (const ask of questions) {
    await expect(ask(createRedisStore(driverThat(sound, reply)))).rejects.toMatchObject({ code: 'corrupt' })
  }
})

it('takes the reply to another question for none of its own', async () => {
  const { id } = sampleRecord(now)
  for (const reply of [codes.inserted, codes.known, codes.voided, codes.untouched, codes.pending]) {
    const store = createRedisStore(driverThat(sound, reply))
    await expect(store.redeem(id, now)).rejects.toMatchObject({ code: 'corrupt' })
  }
  for (const reply of [codes.unknown, codes.spent, codes.inserted]) {
    const store = createRedisStore(driverThat(sound, reply))
    await expect(store.revoke(id, now)).rejects.toMatchObject({ code: 'corrupt' })
  }
})

it('waits for a client once, however many ask meanwhile and give up', async () => {
  let waits = 0
  let letGo = () => {}
  const ready = () => {
    waits += 1
    return new Promise<void>((resolve) => {
      letGo = resolve
    })
  }
  const sent: string[] = []
  const { send, ...driver } = driverThat(sound, codes.unknown)
  const noting: RedisDriver['send'] = (key, command) => {
    sent.push(command[0])
    return send(key, command)
  }
  const store = createRedisStore({ ...driver, ready, send: noting }, { deadlineMs: 20 })
  const { id } = sampleRecord(now)
  for (let time = 0; time < 4; time += 1)
    await expect(store.redeem(id, now)).rejects.toMatchObject({ code: 'unavailable' })
  expect(waits).toBe(1)
  letGo()
  expect(await store.redeem(id, now)).toEqual({ kind: 'unknown' })
  expect(sent).toEqual(['EVALSHA'])
})
