/**
 * The contract: the EventSource that has tickets. Runs in a page.
 */
import { createTicketEventSource } from 'wsticket/client'
import { same, until } from './expectations.mjs'

/** @type {import('./contract.mjs').Cases} */
export const streams = {
  async 'has an EventSource beside it, which comes back with another ticket and the id of the last event'(place) {
    const TicketEventSource = createTicketEventSource({
      ticketUrl: place.ticketUrl,
      credential: () => 'alice',
      ticketTimeoutMs: 20_000,
      delayMs: () => 20,
    })
    const url = place.url.replace('/ws', '/events')
    const source = new TicketEventSource(url)
    /** @type {string[]} */
    const heard = []
    source.onmessage = ({ data }) => heard.push(data)
    await until(async () => heard.length > 1)
    same([heard, source.url, source.readyState], [['none', '1'], new URL(url, location.href).href, 1], 'what it heard')
    const { asked, sessions } = await place.journal()
    same([asked, new Set(sessions).size], [['alice', 'alice'], 2], 'what came of it')
    source.close()
  },
}
