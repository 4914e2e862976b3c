import type { Library } from '../library.ts'
import { connect } from '../recipes/supabase-realtime-js.ts'
import { answerMessages } from '../serving.ts'
import { answerOfChannel } from './phoenix.ts'

export const supabaseRealtime: Library = {
  name: '@supabase/realtime-js',
  injection: 'option `transport`',
  serve: answerMessages(answerOfChannel),
  connect({ host, tickets }) {
    const client = connect(`ws://${host}/realtime/v1`, tickets)
    const channel = client.channel('room').subscribe()
    return {
      async exchange() {
        const answer = await channel.track({ question: Math.random() })
        if (answer !== 'ok') throw new Error(answer)
      },
      close: () => client.disconnect(),
    }
  },
}
