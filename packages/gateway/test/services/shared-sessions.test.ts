import { startNats } from 'wsticket-engines/nats'
import { startPostgres, unsynced } from 'wsticket-engines/postgres'
import { startRedis } from 'wsticket-engines/redis'
import { describeSharedSessions } from './shared-sessions.ts'

describeSharedSessions('redis', startRedis)
describeSharedSessions('postgres', () => startPostgres(unsynced))
describeSharedSessions('nats', startNats)
