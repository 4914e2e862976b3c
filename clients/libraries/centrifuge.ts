import type { Library } from '../library.ts'
import { connect } from '../recipes/centrifuge.ts'
import { answerMessages } from '../serving.ts'

export const centrifuge: Library = {
  name: 'centrifuge',
  injection: 'option `websocket`',
  serve: answerMessages(answerOfCentrifugo),
  connect({ host, tickets }) {
    const client = connect(`ws://${host}/connection/websocket`, tickets)
    return { exchange: () => client.rpc('question', {}), close: () => client.disconnect() }
  },
}

// https://centrifugal.dev/docs/transports/client_protocol
function answerOfCentrifugo(message: string, send: (answer: string) => void): void {
  for (const line of message.split('\n')) {
    const { id, connect, rpc } = JSON.parse(line)
    if (connect !== undefined) send(JSON.stringify({ id, connect: { client: 'client', version: '0' } }))
    if (rpc !== undefined) send(JSON.stringify({ id, rpc: { data: {} } }))
  }
}
