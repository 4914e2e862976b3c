import { expect, it, onTestFinished } from 'vitest'
import { startNats } from 'wsticket-engines/nats'
import { startPostgres } from 'wsticket-engines/postgres'
import { startRedis } from 'wsticket-engines/redis'
import { openStore } from '../../src/open-store.ts'
import { expectNoCanary, releaseCanaries } from '../canaries.ts'

async function releaseInto(url: string) {
  const store = await openStore(url)
  try {
    return await releaseCanaries(store)
  } finally {
    await store.close()
  }
}

it.each([
  ['appendonly', 'yes'],
  ['appendonly', 'no'],
])('no ticket, no key and no token is in the files of a Redis with %s %s', async (...setting) => {
  const files = ['--appendfsync', 'always', '--rdbcompression', 'no', '--loglevel', 'debug']
  const redis = await startRedis({ arguments: [`--${setting[0]}`, setting[1], ...files] })
  onTestFinished(() => redis.dispose())
  const canaries = await releaseInto(redis.url)
  if (setting[1] === 'no') expect(await redis.command('SAVE')).toBe('OK')
  expectNoCanary(redis.folder, redis.output(), canaries)
})

it('no ticket, no key and no token is in the files of a PostgreSQL, its log of all statements included', async () => {
  const settings = { log_statement: 'all', log_min_duration_statement: '0', log_min_messages: 'debug1' }
  const postgres = await startPostgres({ settings })
  onTestFinished(() => postgres.dispose())
  const canaries = await releaseInto(postgres.url)
  await postgres.query('CHECKPOINT')
  expect(postgres.output()).toContain('INSERT INTO')
  expectNoCanary(postgres.folder, postgres.output(), canaries)
})

it('no ticket, no key and no token is in the files of a NATS server, its trace included', async () => {
  const nats = await startNats({ configuration: 'debug: true\ntrace: true' })
  onTestFinished(() => nats.dispose())
  const canaries = await releaseInto(nats.url)
  await nats.stop()
  expect(nats.output()).toContain('[TRC]')
  expectNoCanary(nats.folder, nats.output(), canaries)
})
