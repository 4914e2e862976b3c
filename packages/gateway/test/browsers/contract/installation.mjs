/**
 * The contract: the global WebSocket with tickets, for libraries that take no class. Runs in a page.
 */
import { installTicketWebSocket } from 'wsticket/client'
import { opened, same, thrownBy } from './expectations.mjs'

/** @param {import('./place.mjs').Place} place */
function install({ ticketUrl, url }) {
  return installTicketWebSocket({ match: ({ pathname }) => pathname === url, ticketUrl, credential: () => 'alice' })
}

/** @type {import('./contract.mjs').Cases} */
export const installation = {
  async 'is the global WebSocket for the URLs that match, and the own class for others'(place) {
    const before = globalThis.WebSocket
    const uninstall = install(place)
    const elsewhere = new URL('plain', place.absoluteUrl)
    const [ours, other] = [new WebSocket(place.url), new WebSocket(elsewhere)]
    const instances = [ours, other, {}].map((value) => value instanceof WebSocket)
    const constants = [WebSocket.CONNECTING, WebSocket.OPEN, WebSocket.CLOSING, WebSocket.CLOSED]
    await Promise.all([opened(ours), opened(other)])
    uninstall()
    same([instances, constants, WebSocket.name], [[true, true, false], [0, 1, 2, 3], 'WebSocket'], 'what shows')
    same([ours instanceof before, other.constructor === before], [false, true], 'classes')
    same((await place.journal()).sessions.length, 1, 'sessions')
    for (const socket of [ours, other]) socket.close()
  },

  async 'can be extended but for the URLs that match'(place) {
    const uninstall = install(place)
    class Extended extends WebSocket {}
    const other = new Extended(new URL('plain', place.absoluteUrl))
    const thrown = thrownBy(() => new Extended(place.url))
    uninstall()
    same([other instanceof Extended, thrown], [true, 'TypeError'], 'what came of it')
    await opened(other)
    other.close()
  },

  async 'is gone when it is uninstalled'(place) {
    const before = globalThis.WebSocket
    const uninstall = install(place)
    const patched = globalThis.WebSocket
    uninstall()
    same([patched === before, globalThis.WebSocket === before], [false, true], 'classes')
    const socket = new patched(place.absoluteUrl)
    same(socket.constructor === before, true, 'the patched class does nothing any more')
    await opened(socket)
    socket.close()
    same((await place.journal()).asked, [], 'ticket requests')
  },
}
