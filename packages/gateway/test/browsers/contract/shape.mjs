/**
 * The contract: what the class and its sockets are. Runs in a page.
 */
import { opened, same, thrownBy } from './expectations.mjs'

/** @type {import('./contract.mjs').Cases} */
export const shape = {
  async 'has the constants, on the class, its prototype and its sockets'({ ticketClass, url }) {
    const TicketWebSocket = ticketClass()
    const socket = new TicketWebSocket(url)
    for (const owner of [WebSocket, TicketWebSocket, TicketWebSocket.prototype, socket]) {
      same([owner.CONNECTING, owner.OPEN, owner.CLOSING, owner.CLOSED], [0, 1, 2, 3], 'the constants')
    }
    socket.close()
  },

  async 'is constructed at once, by a text or a URL, relative or absolute, http: for ws:'(place) {
    const TicketWebSocket = place.ticketClass()
    const { url, absoluteUrl } = place
    const http = absoluteUrl.replace(/^ws/, 'http')
    for (const argument of [url, absoluteUrl, http, new URL(absoluteUrl), new URL(http)]) {
      const socket = new TicketWebSocket(argument)
      same([socket.readyState, socket.url], [0, absoluteUrl], String(argument))
      same((await opened(socket)).readyState, 1, 'readyState')
      socket.close()
    }
    same((await place.journal()).sessions.length, 5, 'sessions')
  },

  async 'offers no subprotocol of the application for undefined, "" and []'(place) {
    const TicketWebSocket = place.ticketClass()
    for (const protocols of [undefined, '', []]) {
      const socket = await opened(new TicketWebSocket(place.url, protocols))
      same(socket.protocol, '', 'protocol')
      socket.close()
    }
    const { handshakes } = await place.journal()
    same(
      handshakes.map(({ protocols }) => protocols),
      [[], [], []],
      'offered',
    )
  },

  async 'offers one subprotocol or many, and shows the selected one'(place) {
    const TicketWebSocket = place.ticketClass()
    for (const protocols of ['app.v1', ['app.v1', 'app.v2']]) {
      same((await opened(new TicketWebSocket(place.url, protocols))).protocol, 'app.v1', 'protocol')
    }
    const { handshakes } = await place.journal()
    same(
      handshakes.map(({ protocols }) => protocols),
      [['app.v1'], ['app.v1', 'app.v2']],
      'offered',
    )
  },

  async 'throws a SyntaxError for an object as subprotocols, as the own class does for a bad one'(place) {
    const TicketWebSocket = place.ticketClass()
    const options = /** @type {any} */ ({ headers: {} })
    same(
      thrownBy(() => new TicketWebSocket(place.url, options)),
      'SyntaxError',
      'for options',
    )
    for (const wrong of [['a', 'a'], ['a b'], ['']]) {
      const own = thrownBy(() => new WebSocket(place.absoluteUrl, wrong))
      const ours = thrownBy(() => new TicketWebSocket(place.url, wrong))
      same([own, ours], ['SyntaxError', 'SyntaxError'], JSON.stringify(wrong))
    }
    same((await place.journal()).asked, [], 'ticket requests')
  },

  async 'throws for a close that cannot be what the own class throws'(place) {
    const own = new WebSocket(new URL('plain', place.absoluteUrl))
    const ours = new (place.ticketClass())(place.url)
    for (const [code, reason] of /** @type {[number, string?][]} */ ([
      [1001],
      [2999],
      [5000],
      [4000, 'ä'.repeat(62)],
    ])) {
      const names = [own, ours].map((socket) => thrownBy(() => socket.close(code, reason)))
      same([names[0], names[0] === null], [names[1], false], `close(${code})`)
    }
    own.close()
    ours.close()
  },

  async 'is an EventTarget and an instance of its class, and of a class that extends it'(place) {
    class Extended extends place.ticketClass() {}
    const socket = new Extended(place.url)
    same([socket instanceof EventTarget, socket instanceof Extended], [true, true], 'instanceof')
    await opened(socket)
    socket.close()
  },
}
