import type { Library } from '../library.ts'
import { connect } from '../recipes/phoenix.ts'
import { answerMessages } from '../serving.ts'

export const phoenix: Library = {
  name: 'phoenix',
  injection: 'option `transport`',
  serve: answerMessages(answerOfChannel),
  connect({ host, tickets }) {
    const socket = connect(`ws://${host}/socket`, tickets)
    const channel = socket.channel('room')
    channel.join()
    return {
      exchange: () => new Promise((resolve) => channel.push('question', {}).receive('ok', resolve)),
      close: () => socket.disconnect(),
    }
  },
}

/** Every push is answered: in serialization 2.0.0 of Phoenix, which is an array, or in 1.0.0, an object. */
export function answerOfChannel(message: string, send: (answer: string) => void): void {
  const push = JSON.parse(message)
  const payload = { status: 'ok', response: {} }
  const [joinRef, ref, topic] = Array.isArray(push) ? push : []
  const reply = Array.isArray(push)
    ? [joinRef, ref, topic, 'phx_reply', payload]
    : { topic: push.topic, ref: push.ref, event: 'phx_reply', payload }
  send(JSON.stringify(reply))
}
