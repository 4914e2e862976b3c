/**
 * Where a case of the contract is tried: a ticket endpoint and a WebSocket of its own, on the page's server. Runs in a page.
 */
import { createTicketWebSocket } from 'wsticket/client'

/**
 * @typedef {object} Place
 * @property {string} ticketUrl
 * @property {string} url relative to the page
 * @property {string} absoluteUrl
 * @property {(options?: object) => import('wsticket/client').TicketWebSocketConstructor} ticketClass with tickets of this place, unless the options say otherwise
 * @property {() => Promise<import('../contract-places.ts').Journal>} journal what the server has seen here
 */

/** @param {string} name @returns {Place} */
export function createPlace(name) {
  const ticketUrl = `/at/${name}/tickets`
  const url = `/at/${name}/ws`
  return {
    ticketUrl,
    url,
    absoluteUrl: new URL(url, location.href.replace(/^http/, 'ws')).href,
    ticketClass: (options = {}) =>
      createTicketWebSocket(
        /** @type {any} */ ({
          // A machine that is busy with three browsers.
          ticketTimeoutMs: 20_000,
          ...('ticketSource' in options ? {} : { ticketUrl, credential: () => 'alice' }),
          ...options,
        }),
      ),
    journal: async () => (await fetch(`/at/${name}/journal`)).json(),
  }
}
