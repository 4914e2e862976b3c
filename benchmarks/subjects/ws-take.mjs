// Floor: `ws` that accepts an upgrade once the engine has given up what stood under the key: the least that single use costs there.
import { createServer } from 'node:http'
import { WebSocketServer } from 'ws'
import { serve } from './subject.mjs'
import { openThings } from './things.mjs'

const things = await openThings(process.env.WSTICKET_STORE)
const server = createServer()
const wss = new WebSocketServer({ noServer: true })
server.done = 0
server.on('upgrade', (request, socket, head) => {
  socket.on('error', () => socket.destroy())
  const [, key] = request.headers['sec-websocket-protocol'].split(', ')
  void things.take(key).then((taken) => {
    if (!taken) return socket.destroy()
    wss.handleUpgrade(request, socket, head, (webSocket) => {
      webSocket.on('error', () => {})
      wss.emit('connection', webSocket, request)
    })
  })
})
wss.on('connection', () => {
  server.done++
})
serve(server, async (count) => {
  const keys = Array.from({ length: count }, (_, at) => `thing-${at}`)
  for (let at = 0; at < count; at += 100) await Promise.all(keys.slice(at, at + 100).map(things.put))
  return keys
})
