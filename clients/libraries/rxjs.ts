import { firstValueFrom } from 'rxjs'
import type { Library } from '../library.ts'
import { connect } from '../recipes/rxjs.ts'
import { serveEcho } from '../serving.ts'

export const rxjs: Library = {
  name: 'rxjs',
  injection: '`WebSocketCtor` of `webSocket`',
  notes: ['It comes back where the program says so: `retry`. A close with 1000 completes it; add `repeat` for that.'],
  serve: serveEcho,
  connect({ host, tickets }) {
    const { subject, messages } = connect<string>(`ws://${host}/ws`, tickets)
    const subscription = messages.subscribe({ error: () => {} })
    return {
      exchange() {
        const answer = firstValueFrom(messages)
        subject.next('echo')
        return answer
      },
      close: () => subscription.unsubscribe(),
    }
  },
}
