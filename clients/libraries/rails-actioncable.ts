import { once } from 'node:events'
import * as actionCable from '@rails/actioncable'
import type { WebSocketServer } from 'ws'
import type { Library } from '../library.ts'
import { connect } from '../recipes/rails-actioncable.ts'

export const actioncable: Library = {
  name: '@rails/actioncable',
  injection: '`adapters.WebSocket`',
  notes: [
    'One class for every consumer of the page.',
    'It looks every 6 to 12 seconds whether it has to come back, as it does without tickets. The matrix has it look every second.',
  ],
  isOneForAll: true,
  serve: serveCable,
  connect({ host, tickets }) {
    const consumer = connect(`ws://${host}/cable`, tickets)
    const answers = new EventTarget()
    const subscription = consumer.subscriptions.create('Room', {
      received: () => answers.dispatchEvent(new Event('answer')),
    })
    return {
      exchange() {
        subscription.perform('question')
        return once(answers, 'answer')
      },
      close: () => consumer.disconnect(),
    }
  },
}

// Its types do not tell of it.
const { ConnectionMonitor } = actionCable as unknown as { ConnectionMonitor: { staleThreshold: number } }
ConnectionMonitor.staleThreshold = 1
const pingEveryMs = 500

// https://guides.rubyonrails.org/action_cable_overview.html
function serveCable(server: WebSocketServer): void {
  server.on('connection', (socket) => {
    const send = (message: object) => socket.send(JSON.stringify(message))
    send({ type: 'welcome' })
    const pings = setInterval(() => send({ type: 'ping', message: Date.now() }), pingEveryMs)
    socket.on('close', () => clearInterval(pings))
    socket.on('message', (data: Buffer) => {
      const { command, identifier } = JSON.parse(data.toString())
      if (command === 'subscribe') send({ identifier, type: 'confirm_subscription' })
      if (command === 'message') send({ identifier, message: {} })
    })
  })
}
