import type { WebSocketServer } from 'ws'
import type { Library } from '../library.ts'
import { connect, install } from '../recipes/pusher-js.ts'

export const pusherJs: Library = {
  name: 'pusher-js',
  injection: 'none: `installTicketWebSocket`',
  notes: [
    'Where its first attempt fails, the next is 15 seconds later.',
    'Its other transports are HTTP, and carry no ticket: `enabledTransports`.',
  ],
  remarks: { goesOn: 'after `pusher.connect()`' },
  serve: servePusher,
  connect({ host, tickets }) {
    const uninstall = install(host, tickets)
    const { hostname, port } = new URL(`ws://${host}`)
    const pusher = connect('key', { cluster: '', forceTLS: false, wsHost: hostname, wsPort: Number(port) })
    let count = 0
    return {
      exchange: () =>
        new Promise((resolve) => pusher.subscribe(`channel-${count++}`).bind('pusher:subscription_succeeded', resolve)),
      afterSignIn: () => pusher.connect(),
      close() {
        pusher.disconnect()
        uninstall()
      },
    }
  },
}

// https://pusher.com/docs/channels/library_auth_reference/pusher-websockets-protocol/
function servePusher(server: WebSocketServer): void {
  server.on('connection', (socket) => {
    const send = (message: object) => socket.send(JSON.stringify(message))
    const data = JSON.stringify({ socket_id: '1.1', activity_timeout: 120 })
    send({ event: 'pusher:connection_established', data })
    socket.on('message', (text: Buffer) => {
      const { event, data } = JSON.parse(text.toString())
      if (event !== 'pusher:subscribe') return
      send({ event: 'pusher_internal:subscription_succeeded', channel: data.channel, data: '{}' })
    })
  })
}
