/**
 * Tries the client in a Worker, which answers with what is wrong, as JSON.
 * @module
 */
import { ticketClass, tryClient, untilIs } from './trial.mjs'

/** @type {ReturnType<typeof ticketClass> | null} */
let shared = null

// biome-ignore lint/style/noDefaultExport: this is what a Worker is.
export default {
  /** @param {Request} request */
  async fetch(request) {
    const { pathname, searchParams } = new URL(request.url)
    const place = { ticketUrl: searchParams.get('tickets') ?? '', socketUrl: searchParams.get('sockets') ?? '' }
    return Response.json(pathname === '/shared' ? await trySharedClass(place) : await tryClient(place))
  },
}

/**
 * One class for all requests, of which the first one meets an endpoint that cannot answer: what waits then must not need a timer of that request's.
 * @param {import('./trial.mjs').Place} place
 */
async function trySharedClass({ ticketUrl, socketUrl }) {
  shared ??= ticketClass(ticketUrl, 'unlucky')
  const { status } = shared.ticketSource.state
  const socket = new shared(`${socketUrl}/chat`)
  const type = await Promise.race([untilIs(socket, 'open'), untilIs(socket, 'close')]).then((event) => event.type)
  socket.close()
  return [status, type]
}
