/**
 * A WebSocket server made with the library, on a store and a log by URL: node node.mjs STORE_URL
 * It revokes a subject when it is told to, and answers once that is written; and it says how many sessions it has.
 * @module
 */
import { createServer } from 'node:http'
import { WebSocketServer } from 'ws'
import { createAdmission, createSessions } from 'wsticket'
import { serverLimits } from 'wsticket/adapters/node'
import { createWebSocketUpgrade, webSocketLimits } from 'wsticket/adapters/ws'
import { openSessionLog, openStore } from 'wsticket/open-store'
import { audience, origin } from '../load/client.mjs'

/** @import { AddressInfo } from 'node:net' */

const [url = ''] = process.argv.slice(2)
const store = await openStore(url)
const log = await openSessionLog(url)
const sessions = createSessions({ log, sessionsPerSubject: 'unlimited' })
const unlimited = /** @type {const} */ ({ everybody: 'unlimited', perAddress: 'unlimited' })
const admission = createAdmission({ store, audience, origins: [origin], limits: unlimited, sessions })

const server = createServer(serverLimits)
server.on('upgrade', createWebSocketUpgrade(admission, new WebSocketServer({ noServer: true, ...webSocketLimits })))
process.on('message', (/** @type {'sessions' | { revoke: import('wsticket').Subject }} */ question) => {
  if (question === 'sessions') process.send?.({ sessions: sessions.count() })
  else void revoke(question.revoke)
})
// Whoever started this process may be gone.
process.on('disconnect', () => process.exit())
server.listen(0, '127.0.0.1', () => {
  process.stderr.write(`http://127.0.0.1:${/** @type {AddressInfo} */ (server.address()).port}\n`)
})

/** @param {import('wsticket').Subject} subject */
async function revoke(subject) {
  await sessions.revoke({ kind: 'subject', subject })
  process.send?.({ revoked: subject })
}
