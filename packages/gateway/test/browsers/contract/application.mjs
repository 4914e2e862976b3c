/**
 * A small application: it is connected for as long as its page is open, and comes back when it was cut off. Runs in a page.
 */
import { answerTo, pause, until } from './expectations.mjs'
import { createPlace } from './place.mjs'

/**
 * @typedef {object} Application
 * @property {string[]} lines what it was told: sessions, closes with code and reason, and whether there may soon be tickets when it is online again
 * @property {(start: string) => Promise<string>} line the first of these that starts so, as soon as there is one
 * @property {() => Promise<string>} session the one that it is in, as soon as it is in one
 * @property {(message: string) => Promise<string>} ask the answer of the server
 */

/** A real one waits for longer: `reconnectDelayMs`. */
const beforeNextMs = 200

/** Starts one. @param {string} place @returns {Application} */
export function stayConnected(place) {
  const { ticketClass, url } = createPlace(place)
  const TicketWebSocket = ticketClass()
  /** @type {string[]} */
  const lines = []
  let socket = connect()
  const lookWhetherSoon = () => {
    const { retryAt } = TicketWebSocket.ticketSource.state
    lines.push(`online ${retryAt === null || retryAt - Date.now() <= 1000 ? 'soon' : 'later'}`)
  }
  // The listener of the breaker is younger than this one, and hears of it later.
  addEventListener('online', () => setTimeout(lookWhetherSoon))

  function connect() {
    const opening = new TicketWebSocket(url)
    opening.onopen = async () => lines.push(`session ${await answerTo(opening, 'who am I')}`)
    opening.onclose = async ({ code, reason }) => {
      lines.push(`close ${code} ${reason}`.trim())
      await pause(beforeNextMs)
      socket = connect()
    }
    return opening
  }

  return {
    lines,
    async line(start) {
      const find = () => lines.find((line) => line.startsWith(start))
      await until(async () => find() !== undefined)
      return find() ?? ''
    },
    async session() {
      await until(async () => lines.at(-1)?.startsWith('session ') === true)
      return lines.at(-1) ?? ''
    },
    ask: (message) => answerTo(socket, message),
  }
}
