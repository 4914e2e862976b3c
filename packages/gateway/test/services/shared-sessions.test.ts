import { startRedis } from 'wsticket-engines/redis'
import { describeSharedSessions } from './shared-sessions.ts'

describeSharedSessions('redis', startRedis)
