import { createTRPCClient, wsLink } from '@trpc/client'
import { initTRPC } from '@trpc/server'
import { applyWSSHandler } from '@trpc/server/adapters/ws'
import type { Library } from '../library.ts'
import { connect } from '../recipes/trpc-client.ts'

const t = initTRPC.create()
const router = t.router({ two: t.procedure.query(() => 2) })

export const trpc: Library = {
  name: '@trpc/client',
  injection: '`WebSocket` of `createWSClient`',
  serve: (wss) => applyWSSHandler({ wss, router }),
  connect({ host, tickets }) {
    const client = connect(`ws://${host}/trpc`, tickets)
    const api = createTRPCClient<typeof router>({ links: [wsLink({ client })] })
    return { exchange: () => api.two.query(), close: () => client.close() }
  },
}
