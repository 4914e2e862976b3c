/**
 * THE TABLE: who may import whom inside packages/wsticket/src, from the bottom up. `check-imports.mjs` holds the sources to it.
 * @module
 */

const vocabulary = [
  'ticket',
  'lock',
  'random',
  'claims',
  'clock',
  'refusals',
  'events',
  'errors',
  'digest',
  'problem',
  'session',
  'loopback',
  'wire',
  'ticket-cookie',
  'deadline',
  'most',
  'asker',
  'circuit-breaker',
  'record-text',
  'entry-text',
  'inspector',
  'next-event',
  'redis-scripts',
  'redis-inspection',
  'redis-slot',
  'builtin-module',
  'network-filesystem',
]
const driverPorts = ['redis-driver', 'postgres-driver', 'nats-driver']
const ports = [
  'ticket-store',
  'session-log',
  'ticket-quota',
  'limiter',
  'credential',
  'carrier',
  'check',
  'handshake',
  ...driverPorts,
]
const words = [...vocabulary, ...ports]
const sqlite = ['sqlite-connection', 'sqlite-database', 'sqlite-failure', 'sqlite-file', 'sqlite-reign']
const parts = ['issuer', 'checks/', 'carriers/', 'credentials/']
const steps = [
  'pending-handshakes',
  'admission-options',
  'admission-findings',
  'ticket-endpoint-options',
  'ticket-routes',
  'presentation',
  'ticket-request',
  'cors',
]
const sessionParts = [
  'session-deadlines',
  'session-follower',
  'session-drain',
  'session-hooks',
  'sessions-options',
  'standing-revocations',
  'live-sessions',
  'renewals',
  'refusal-notes',
]
const limiting = ['limits', 'limiters/']
const entries = ['admission', 'ticket-endpoint']

/**
 * A name is a file without its `.ts`; with a slash at its end it is every file of a folder. What is not in `mayImport` may not be
 * imported, a file of the same folder included. Nobody lists `testing/`, and nobody but the client `client/`. `node: true`: may import
 * `node:` modules.
 */
export const layers = [
  { places: vocabulary, mayImport: words },
  { places: ports, mayImport: words },
  { places: ['engine'], mayImport: ['ticket-store', 'asker', 'circuit-breaker', 'inspector', 'deadline', 'errors'] },
  {
    places: ['redis-engine'],
    mayImport: ['ticket-store', 'engine', 'redis-driver', 'redis-inspection', 'redis-scripts'],
  },
  { places: ['redis-run'], mayImport: ['asker', 'errors', 'redis-driver', 'redis-scripts'] },
  { places: ['postgres-statements'], mayImport: ['digest', 'errors', 'postgres-driver'] },
  { places: ['postgres-log-statements'], mayImport: ['postgres-driver', 'postgres-statements'] },
  { places: ['postgres-tables'], mayImport: ['postgres-driver', 'postgres-statements', 'postgres-log-statements'] },
  {
    places: ['postgres-inspection'],
    mayImport: ['ticket-store', 'asker', 'errors', 'postgres-driver', 'postgres-statements', 'postgres-tables'],
  },
  {
    places: ['postgres-engine'],
    mayImport: ['engine', 'errors', 'postgres-driver', 'postgres-inspection', 'postgres-tables'],
  },
  { places: ['nats-stream'], mayImport: ['deadline', 'errors', 'nats-driver'] },
  {
    places: ['nats-bucket', 'nats-log-stream'],
    mayImport: ['ticket-store', 'clock', 'errors', 'nats-driver', 'nats-stream'],
  },
  { places: ['nats-log-entries'], mayImport: ['session-log', 'asker', 'entry-text', 'errors', 'nats-driver'] },
  { places: sqlite, mayImport: ['errors', 'builtin-module', 'network-filesystem', ...sqlite] },
  {
    places: ['sqlite-engine'],
    mayImport: ['ticket-store', 'engine', 'errors', 'sqlite-connection'],
  },
  {
    places: ['quotas/'],
    mayImport: [...words, 'engine', 'postgres-engine', 'postgres-statements', 'sqlite-connection'],
  },
  {
    places: ['stores/'],
    mayImport: [
      'ticket-store',
      'ticket',
      'clock',
      'errors',
      'digest',
      'asker',
      'deadline',
      'record-text',
      'engine',
      'sqlite-connection',
      'sqlite-engine',
      'redis-scripts',
      'redis-engine',
      'redis-run',
      'postgres-engine',
      'postgres-statements',
      'postgres-tables',
      ...driverPorts,
      'nats-stream',
      'nats-bucket',
      'quotas/',
    ],
  },
  { places: ['redis-client-rules'], mayImport: ['errors'] },
  { places: ['ioredis-options', 'node-redis-options'], mayImport: ['redis-client-rules'] },
  {
    places: ['drivers/'],
    mayImport: [
      'ioredis-options',
      'node-redis-options',
      'redis-driver',
      'redis-slot',
      'postgres-driver',
      'nats-driver',
      'asker',
      'next-event',
      'clock',
      'errors',
    ],
  },
  { places: ['store-url'], mayImport: ['errors'] },
  { places: ['store-client'], mayImport: ['deadline', 'errors'] },
  { places: ['opener'], mayImport: ['ticket-store', 'session-log', 'clock', 'store-url'] },
  {
    places: ['openers/'],
    mayImport: [
      ...words,
      'opener',
      'store-url',
      'store-client',
      'postgres-statements',
      'postgres-log-statements',
      'stores/',
      'session-logs/',
      'nats-log-stream',
      'drivers/',
    ],
    node: true,
  },
  { places: ['store-source'], mayImport: ['errors', 'store-url', 'opener', 'openers/'] },
  { places: ['open-store'], mayImport: ['ticket-store', 'session-log', 'clock', 'store-source'] },
  { places: ['checks/', 'carriers/', 'credentials/', 'limiters/'], mayImport: words },
  {
    places: ['session-logs/'],
    mayImport: [
      ...words,
      'engine',
      'redis-engine',
      'redis-run',
      'postgres-engine',
      'postgres-statements',
      'postgres-log-statements',
      'postgres-tables',
      'nats-stream',
      'nats-log-stream',
      'nats-log-entries',
      'sqlite-engine',
      'sqlite-database',
    ],
  },
  { places: [...sessionParts, 'sessions'], mayImport: [...words, ...sessionParts] },
  { places: ['limits'], mayImport: [...words, 'checks/', 'limiters/'] },
  { places: ['issuer'], mayImport: [...words, 'limits'] },
  { places: steps, mayImport: [...words, ...parts, ...steps, 'limits', 'sessions'] },
  { places: entries, mayImport: [...words, ...parts, ...steps, 'limits', 'sessions'] },
  {
    places: ['adapters/'],
    mayImport: [...words, ...entries, 'session-deadlines', 'adapters/'],
    node: true,
  },
  { places: ['index'], mayImport: [...words, ...parts, ...entries, ...limiting, 'sessions', 'pending-handshakes'] },
  { places: ['client/'], mayImport: ['client/', 'refusals', 'wire', 'loopback'] },
  {
    places: ['testing/'],
    mayImport: [...words, ...parts, ...entries, 'sessions', 'opener', 'store-source', 'stores/', 'testing/'],
    node: true,
  },
]
