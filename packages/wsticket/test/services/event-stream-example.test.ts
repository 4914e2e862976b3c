import { EventSource as NodeEventSource } from 'eventsource'
import { expect, it, onTestFinished } from 'vitest'
import { createTicketEventSource } from 'wsticket/client'
import { startIdentityProvider } from './identity-provider.ts'
import { startExample } from './programs.ts'

/** As that of a browser is on a page of another origin. */
class PageEventSource extends NodeEventSource {
  constructor(url: string, init: { withCredentials: boolean }) {
    const origin = 'https://app.example'
    super(url, { ...init, fetch: (target, rest) => fetch(target, { ...rest, headers: { ...rest.headers, origin } }) })
  }
}

it('tells a user of a real OpenID provider the events of the program that the documentation shows', async () => {
  const provider = await startIdentityProvider()
  onTestFinished(() => provider.stop())
  const { host } = await startExample('event-stream/server.mjs', { ISSUER: provider.issuer })
  const { access_token: accessToken } = await provider.signIn('alice')
  const TicketEventSource = createTicketEventSource({
    ticketUrl: `http://${host}/tickets`,
    credential: () => accessToken,
    EventSource: PageEventSource,
  })
  const events = new TicketEventSource(`http://${host}/events`)
  onTestFinished(() => events.close())
  const told: string[] = []
  events.onmessage = ({ data, lastEventId }) => told.push(`${lastEventId}: ${data}`)
  const subject = `${provider.issuer}#alice`
  await expect.poll(() => told.slice(0, 2)).toEqual([`1: 1 for ${subject}`, `2: 2 for ${subject}`])
})
