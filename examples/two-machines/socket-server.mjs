// Each machine with WebSockets: whoever has a good ticket gets in, once, on whichever machine it is shown first.
// Start: WSTICKET_STORE=redis://127.0.0.1:6379 node socket-server.mjs
import { createServer } from 'node:http'
import { WebSocketServer } from 'ws'
import { createAdmission } from 'wsticket'
import { serverLimits } from 'wsticket/adapters/node'
import { createWebSocketUpgrade, sessionOf, webSocketLimits } from 'wsticket/adapters/ws'
import { openStore } from 'wsticket/open-store'

const store = await openStore(process.env.WSTICKET_STORE ?? 'redis://127.0.0.1:6379')
const admission = createAdmission({ store, audience: 'chat', origins: ['https://app.example'], onEvent })

const server = createServer(serverLimits)
const wss = new WebSocketServer({ noServer: true, ...webSocketLimits })
server.on('upgrade', createWebSocketUpgrade(admission, wss, { onEvent }))
wss.on('connection', (socket, request) => socket.send(`hello ${sessionOf(request).subject}`))
server.listen(process.env.PORT ?? 3001, '127.0.0.1', () => console.log(`listening on ${server.address().port}`))

// Your audit: a line for what weakens the store, and for every decision.
function onEvent(event) {
  console.log(JSON.stringify(event))
}
