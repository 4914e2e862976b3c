// The file that Node takes for the package; vitest would take another, and graphql-ws refuses a schema of another instance.
import { buildSchema } from 'graphql/index.js'
import { useServer } from 'graphql-ws/use/ws'
import type { Library } from '../library.ts'
import { connect } from '../recipes/graphql-ws.ts'

const schema = buildSchema('type Query { two: Int! }')

export const graphqlWs: Library = {
  name: 'graphql-ws',
  injection: '`webSocketImpl`',
  notes: [
    'A close with 4401 is final to it: what is subscribed ends with it as its error, and the next operation connects anew.',
  ],
  remarks: { goesOn: 'with the next operation' },
  serve: (server) => useServer({ schema, roots: { query: { two: () => 2 } } }, server, 0),
  connect({ host, tickets }) {
    const client = connect(`ws://${host}/graphql`, tickets)
    return {
      exchange: () => client.iterate({ query: '{ two }' }).next(),
      close: () => client.dispose(),
    }
  },
}
