/**
 * The contract: a ticket WebSocket that opens, does not open, and is not to open. Runs in a page.
 */
import { answerTo, eventsUntilClose, opened, pause, same, thrownBy, until } from './expectations.mjs'

/** @param {WebSocket} socket */
async function failureOf(socket) {
  const heard = await eventsUntilClose(socket)
  return heard.map(({ type, code, reason }) => ({ type, code, reason }))
}

/** @type {import('./contract.mjs').Cases} */
export const opening = {
  async 'fails with error, then close, where there is no ticket'(place) {
    const socket = new (place.ticketClass({ credential: () => 'nobody' }))(place.url)
    const said = { code: 4401, reason: 'invalid_token' }
    same(
      await failureOf(socket),
      [
        { type: 'error', ...said },
        { type: 'close', ...said },
      ],
      'events',
    )
    const { asked, handshakes } = await place.journal()
    same([socket.readyState, asked, handshakes], [3, ['nobody'], []], 'what came of it')
  },

  async 'fails with error, then close, where the handshake is refused'(place) {
    const ticketSource = async () => `wst_${'A'.repeat(43)}`
    const socket = new (place.ticketClass({ ticketSource }))(place.url)
    const heard = await failureOf(socket)
    same(
      heard.map(({ type, code }) => [type, code]),
      [
        ['error', 1006],
        ['close', 1006],
      ],
      'events',
    )
    const { handshakes, sessions } = await place.journal()
    same([socket.readyState, handshakes.length, sessions], [3, 1, []], 'what came of it')
  },

  async 'fails with error, then close, where it cannot be constructed'(place) {
    class Refusing extends WebSocket {
      /** @param {string} url */
      constructor(url) {
        super(url)
        throw new Error(url)
      }
    }
    const heard = await failureOf(new (place.ticketClass({ WebSocket: Refusing, carrier: 'query' }))(place.url))
    same(
      heard,
      [
        { type: 'error', code: 1013, reason: 'try_later' },
        { type: 'close', code: 1013, reason: 'try_later' },
      ],
      'events',
    )
  },

  async 'gives up the request and opens nothing where it is closed before there is a ticket'(place) {
    const socket = new (place.ticketClass({ credential: () => 'hang' }))(place.url)
    const heard = failureOf(socket)
    await until(async () => (await place.journal()).asked.length === 1)
    socket.close(4000, 'changed my mind')
    same(socket.readyState, 2, 'readyState')
    same(
      await heard,
      [
        { type: 'error', code: 1006, reason: '' },
        { type: 'close', code: 1006, reason: '' },
      ],
      'events',
    )
    await until(async () => (await place.journal()).givenUp === 1)
    same([socket.readyState, (await place.journal()).handshakes], [3, []], 'what came of it')
  },

  async 'asks for nothing where it is closed at once'(place) {
    const socket = new (place.ticketClass())(place.url)
    socket.close()
    same(
      (await failureOf(socket)).map(({ type }) => type),
      ['error', 'close'],
      'events',
    )
    same((await place.journal()).asked, [], 'ticket requests')
  },

  async 'gives up a ticket that takes longer than ticketTimeoutMs'(place) {
    const socket = new (place.ticketClass({ credential: () => 'hang', ticketTimeoutMs: 300 }))(place.url)
    const said = { code: 1013, reason: 'try_later' }
    same(
      await failureOf(socket),
      [
        { type: 'error', ...said },
        { type: 'close', ...said },
      ],
      'events',
    )
    await until(async () => {
      const { asked, givenUp } = await place.journal()
      return givenUp === asked.length
    })
  },

  async 'throws an InvalidStateError for send() until it is open'(place) {
    /** @type {(ticket: string) => void} */
    let present = () => {}
    const ticketSource = () => new Promise((resolve) => (present = resolve))
    /** @type {(string | null)[]} */
    const thrown = []
    class Watched extends WebSocket {
      /** @param {string} url @param {string[]} protocols */
      constructor(url, protocols) {
        super(url, protocols)
        queueMicrotask(() => thrown.push(thrownBy(() => socket.send('early'))))
      }
    }
    const socket = new (place.ticketClass({ ticketSource, WebSocket: Watched }))(place.url)
    thrown.push(thrownBy(() => socket.send('early')))
    await pause(0)
    present(`wst_${'A'.repeat(43)}`)
    await eventsUntilClose(socket)
    same(thrown, ['InvalidStateError', 'InvalidStateError'], 'thrown')
    same(
      thrownBy(() => socket.send('late')),
      null,
      'after the close',
    )
  },

  async 'takes a ticket for each socket and keeps none'(place) {
    const TicketWebSocket = place.ticketClass()
    for (let count = 0; count < 2; count += 1) (await opened(new TicketWebSocket(place.url))).close()
    await Promise.all([opened(new TicketWebSocket(place.url)), opened(new TicketWebSocket(place.url))])
    const { asked, handshakes, sessions } = await place.journal()
    same([asked.length, handshakes.length, new Set(sessions).size], [4, 4, 4], 'what came of it')
  },

  async 'never comes back by itself'(place) {
    const socket = await opened(new (place.ticketClass())(place.url))
    await answerTo(socket, 'hello')
    socket.send('be gone')
    const [close] = (await eventsUntilClose(socket)).slice(-1)
    same([close.code, close.wasClean], [1006, false], 'close')
    await pause(500)
    const { asked, handshakes } = await place.journal()
    same([asked.length, handshakes.length, socket.readyState], [1, 1, 3], 'what came of it')
  },
}
