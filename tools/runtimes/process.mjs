/**
 * Tries the client in this process: Node, Bun or Deno. Prints what is wrong, as JSON.
 *   node process.mjs TICKET_URL SOCKET_URL
 */
import { tryClient } from './trial.mjs'

const [ticketUrl = '', socketUrl = ''] = process.argv.slice(2)
console.log(JSON.stringify(await tryClient({ ticketUrl, socketUrl })))
process.exit()
