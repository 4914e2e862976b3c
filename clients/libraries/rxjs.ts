import { once } from 'node:events'
import type { Library } from '../library.ts'
import { connect } from '../recipes/rxjs.ts'
import { serveEcho } from '../serving.ts'

export const rxjs: Library = {
  name: 'rxjs',
  injection: '`WebSocketCtor` of `webSocket`',
  notes: [
    'It comes back where the program says so: with `retry` after a connection that was lost, with `repeat` after one that the server closed.',
  ],
  serve: serveEcho,
  connect({ host, tickets }) {
    const { subject, messages } = connect<string>(`ws://${host}/ws`, tickets)
    const answers = new EventTarget()
    const subscription = messages.subscribe(() => answers.dispatchEvent(new Event('answer')))
    return {
      exchange() {
        subject.next('echo')
        return once(answers, 'answer')
      },
      close: () => subscription.unsubscribe(),
    }
  },
}
