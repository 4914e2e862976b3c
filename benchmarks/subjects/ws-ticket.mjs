// Subject: the same server behind admission, every check at its default, the audit listened to.
import { createServer } from 'node:http'
import { WebSocketServer } from 'ws'
import { createAdmission, createIssuer, createMemoryLimiter } from 'wsticket'
import { createWebSocketUpgrade, sessionOf } from 'wsticket/adapters/ws'
import { openStore } from 'wsticket/open-store'
import { createMemoryStore } from 'wsticket/stores/memory'
import { serve } from './subject.mjs'

const hourMs = 3_600_000
const url = process.env.WSTICKET_STORE
const store = url ? await openStore(url) : createMemoryStore({ maxRecords: 1_000_000 })
const issuer = createIssuer({
  store,
  audiences: ['bench'],
  ticketsPerSubject: 'unlimited',
  lifetimeMs: hourMs,
  maximumLifetimeMs: hourMs,
})
const identity = { issuer: 'https://id.example', subject: 'alice', expiresAt: null, claims: {} }
const context = { clientAddress: '127.0.0.1', origin: 'https://app.example' }
/** Costs what the defaults cost, and refuses nobody. */
const wide = () => createMemoryLimiter({ perSecond: 1_000_000, burst: 1_000_000 })
let events = 0
const admission = createAdmission({
  store,
  audience: 'bench',
  origins: ['https://app.example'],
  limits: { everybody: wide(), perAddress: wide() },
  onEvent: () => {
    events++
  },
})

const server = createServer()
const wss = new WebSocketServer({ noServer: true })
server.done = 0
server.on('upgrade', createWebSocketUpgrade(admission, wss))
wss.on('connection', (_, request) => {
  if (sessionOf(request).audience === 'bench' && events > 0) server.done++
})
serve(server, async (count) => {
  const issued = []
  for (let made = 0; made < count; made++)
    issued.push((await issuer.issue(identity, { audience: 'bench' }, context)).ticket)
  return issued
})
