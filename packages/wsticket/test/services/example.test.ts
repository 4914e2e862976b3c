import { expect, it, onTestFinished } from 'vitest'
import { createTicketWebSocket } from 'wsticket/client'
import { startIdentityProvider } from './identity-provider.ts'
import { greetingOf, PageWebSocket, startExample } from './programs.ts'

it('lets a user of a real OpenID provider into the program that the README shows', async () => {
  const provider = await startIdentityProvider()
  onTestFinished(() => provider.stop())
  const { host } = await startExample('one-process/server.mjs', { ISSUER: provider.issuer })
  const { access_token: accessToken } = await provider.signIn('alice')

  const TicketWebSocket = createTicketWebSocket({
    ticketUrl: `http://${host}/tickets`,
    credential: () => accessToken,
    WebSocket: PageWebSocket,
  })
  const greeting = await greetingOf(new TicketWebSocket(`ws://${host}/ws`))
  expect(greeting).toBe(`hello ${provider.issuer}#alice`)
})
