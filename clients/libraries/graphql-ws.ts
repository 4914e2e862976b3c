import { once } from 'node:events'
import { setTimeout as pause } from 'node:timers/promises'
// The file that Node takes for the package; vitest would take another, and graphql-ws refuses a schema of another instance.
import { buildSchema } from 'graphql/index.js'
import { useServer } from 'graphql-ws/use/ws'
import type { Library } from '../library.ts'
import { connect } from '../recipes/graphql-ws.ts'

const schema = buildSchema('type Query { none: Int } type Subscription { ticks: Int! }')
const tickEveryMs = 50

async function* ticks() {
  for (let count = 0; ; count++) {
    yield { ticks: count }
    await pause(tickEveryMs)
  }
}

export const graphqlWs: Library = {
  name: 'graphql-ws',
  injection: '`webSocketImpl`',
  notes: [
    'Without `shouldRetry` an `error` event is final to it, and a connection that breaks is one, with any WebSocket.',
    'A close with 4401 is final to it: what is subscribed ends with it as its error. What is subscribed after the sign-in connects anew.',
  ],
  remarks: { goesOn: 'with the next operation' },
  serve: (server) => useServer({ schema, roots: { subscription: { ticks } } }, server, 0),
  connect({ host, tickets }) {
    const client = connect(`ws://${host}/graphql`, tickets)
    const answers = new EventTarget()
    const next = () => answers.dispatchEvent(new Event('answer'))
    const subscribe = () =>
      client.subscribe({ query: 'subscription { ticks }' }, { next, error: () => {}, complete: () => {} })
    subscribe()
    return { exchange: () => once(answers, 'answer'), afterSignIn: subscribe, close: () => client.dispose() }
  },
}
