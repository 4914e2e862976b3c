import type { Library } from '../library.ts'
import { connect } from '../recipes/stomp-stompjs.ts'
import { answerMessages } from '../serving.ts'

export const stompjs: Library = {
  name: '@stomp/stompjs',
  injection: '`webSocketFactory`',
  serve: answerMessages(answerOfBroker),
  connect({ host, tickets }) {
    const client = connect(`ws://${host}/stomp`, tickets)
    return {
      exchange: () =>
        new Promise((resolve) => {
          const receipt = `${Math.random()}`
          client.watchForReceipt(receipt, resolve)
          client.publish({ destination: '/question', headers: { receipt } })
        }),
      close: () => client.deactivate({ force: true }),
    }
  },
}

// https://stomp.github.io/stomp-specification-1.2.html
function answerOfBroker(message: string, send: (answer: string) => void): void {
  const [command, ...headers] = message.split('\n')
  const receipt = headers.find((header) => header.startsWith('receipt:'))
  if (command === 'CONNECT') send('CONNECTED\nversion:1.2\nheart-beat:0,0\n\n\0')
  if (receipt !== undefined) send(`RECEIPT\n${receipt.replace('receipt', 'receipt-id')}\n\n\0`)
}
