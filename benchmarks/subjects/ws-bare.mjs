// Control: `ws` accepts every upgrade. No ticket, no check, no audit.
import { createServer } from 'node:http'
import { WebSocketServer } from 'ws'
import { serve } from './subject.mjs'

const server = createServer()
const wss = new WebSocketServer({ noServer: true })
server.done = 0
server.on('upgrade', (request, socket, head) => {
  socket.on('error', () => socket.destroy())
  wss.handleUpgrade(request, socket, head, (webSocket) => {
    webSocket.on('error', () => {})
    wss.emit('connection', webSocket, request)
  })
})
wss.on('connection', () => {
  server.done++
})
serve(server, async (count) => Array(count).fill(''))
