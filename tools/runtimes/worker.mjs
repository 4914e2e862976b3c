/**
 * Tries the client in a Worker, which answers with what is wrong, as JSON.
 * @module
 */
import { tryClient } from './trial.mjs'

// biome-ignore lint/style/noDefaultExport: this is what a Worker is.
export default {
  /** @param {Request} request */
  async fetch(request) {
    const { searchParams } = new URL(request.url)
    const place = { ticketUrl: searchParams.get('tickets') ?? '', socketUrl: searchParams.get('sockets') ?? '' }
    return Response.json(await tryClient(place))
  },
}
