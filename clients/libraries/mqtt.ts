import { generate, type Packet, parser } from 'mqtt-packet'
import type { WebSocketServer } from 'ws'
import type { Library } from '../library.ts'
import { connect } from '../recipes/mqtt.ts'

export const mqtt: Library = {
  name: 'mqtt',
  injection: 'option `createWebsocket`',
  notes: [
    '`forceNativeWebSocket` is for Node, where it would wrap a class of `ws` alone. In a page it changes nothing.',
  ],
  serve: serveBroker,
  connect({ host, tickets }) {
    const client = connect(`ws://${host}`, tickets)
    return {
      exchange: () => client.publishAsync('topic', 'question', { qos: 1 }),
      close: () => client.endAsync(true),
    }
  },
}

function serveBroker(server: WebSocketServer): void {
  server.on('connection', (socket) => {
    const packets = parser()
    packets.on('packet', (packet: Packet) => {
      if (packet.cmd === 'connect') socket.send(generate({ cmd: 'connack', returnCode: 0, sessionPresent: false }))
      if (packet.cmd === 'publish') socket.send(generate({ cmd: 'puback', messageId: packet.messageId ?? 0 }))
      if (packet.cmd === 'pingreq') socket.send(generate({ cmd: 'pingresp' }))
    })
    socket.on('message', (data: Buffer) => packets.parse(data))
  })
}
