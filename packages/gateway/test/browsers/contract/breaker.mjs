/**
 * The contract: how often a ticket is asked for, and what is known of a handshake that failed. Runs in a page.
 */
import { eventsUntilClose, next, opened, same, until } from './expectations.mjs'

/** @param {typeof WebSocket} TicketWebSocket @param {string} url @returns {Promise<[number, string]>} the code and the reason of a socket that does not open */
async function refusal(TicketWebSocket, url) {
  const { code, reason } = await next(new TicketWebSocket(url), 'close')
  return [code, reason]
}

/** @type {import('./contract.mjs').Cases} */
export const breaker = {
  async 'asks no more after a refusal, until there is another credential'(place) {
    let credential = 'nobody'
    const TicketWebSocket = place.ticketClass({ credential: () => credential })
    const refusals = [await refusal(TicketWebSocket, place.url), await refusal(TicketWebSocket, place.url)]
    same(refusals, Array(2).fill([4401, 'invalid_token']), 'refusals')
    same([(await place.journal()).asked, TicketWebSocket.ticketSource.state.status], [['nobody'], 'stopped'], 'so far')
    credential = 'alice'
    await opened(new TicketWebSocket(place.url))
    same((await place.journal()).asked, ['nobody', 'alice'], 'asked')
  },

  async 'asks no more after a refusal, until it is resumed, and tells of each change'(place) {
    const TicketWebSocket = place.ticketClass({ credential: () => 'nobody' })
    const { ticketSource } = TicketWebSocket
    /** @type {string[]} */
    const told = []
    ticketSource.subscribe(() => told.push(ticketSource.state.status))
    await refusal(TicketWebSocket, place.url)
    ticketSource.resume()
    await refusal(TicketWebSocket, place.url)
    same(
      [told, (await place.journal()).asked],
      [
        ['stopped', 'ready', 'stopped'],
        ['nobody', 'nobody'],
      ],
      'what came of it',
    )
  },

  async 'asks no more for a while where there was no answer, and then again'(place) {
    const credentials = ['unlucky']
    const TicketWebSocket = place.ticketClass({ credential: () => credentials.shift() ?? 'alice' })
    const { ticketSource } = TicketWebSocket
    // Whatever comes of the second one it costs no request before the wait is over.
    same(await refusal(TicketWebSocket, place.url), [1013, 'try_later'], 'the first refusal')
    const { status } = ticketSource.state
    if (status === 'waiting') same(await refusal(TicketWebSocket, place.url), [1013, 'try_later'], 'the second one')
    await until(async () => ticketSource.state.status === 'ready')
    same((await place.journal()).asked, ['unlucky'], 'asked before the wait was over')
    await opened(new TicketWebSocket(place.url))
  },

  async 'says why a handshake failed'(place) {
    class Forgetful extends WebSocket {
      /** @param {string} url @param {string[]} protocols */
      constructor(url, protocols) {
        super(
          url,
          protocols.filter((protocol) => !protocol.startsWith('wsk_')),
        )
      }
    }
    const socket = new (place.ticketClass({ WebSocket: Forgetful }))(place.url)
    const [error, close] = await eventsUntilClose(socket)
    same([error.type, close.code, close.reason], ['error', 1006, 'invalid_ticket'], 'events')
    same([close.detail?.state, close.detail?.reason], ['refused', 'lock_mismatch'], 'detail')
  },
}
