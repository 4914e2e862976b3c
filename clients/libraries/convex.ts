import { makeFunctionReference } from 'convex/server'
import type { Library } from '../library.ts'
import { connect } from '../recipes/convex.ts'
import { answerMessages } from '../serving.ts'

const greet = makeFunctionReference<'action'>('greetings:greet')

export const convex: Library = {
  name: 'convex',
  injection: 'option `webSocketConstructor`, of `ConvexReactClient`, too',
  serve: answerMessages((message, send) => {
    const { type, requestId } = JSON.parse(message)
    if (type === 'Action')
      send(JSON.stringify({ type: 'ActionResponse', requestId, success: true, result: 'Hello', logLines: [] }))
  }),
  connect({ host, tickets }) {
    const client = connect(`http://${host}`, tickets)
    return { exchange: () => client.action(greet, {}), close: () => client.close() }
  },
}
