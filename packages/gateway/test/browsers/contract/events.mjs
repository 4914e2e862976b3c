/**
 * The contract: what a ticket WebSocket sends, receives and dispatches. Runs in a page.
 */
import { answerTo, eventsUntilClose, next, opened, same } from './expectations.mjs'

/** What can be read from an event that was made from another. @param {any} event */
function copyOf(event) {
  const { type, data, code, reason, wasClean } = new event.constructor(event.type, event)
  return { type, data, code, reason, wasClean }
}

/** @type {import('./contract.mjs').Cases} */
export const events = {
  async 'keeps the binaryType that is set at once, and has blob as its default'(place) {
    const TicketWebSocket = place.ticketClass()
    const [buffers, blobs] = [new TicketWebSocket(place.url), new TicketWebSocket(place.url)]
    buffers.binaryType = 'arraybuffer'
    same([buffers.binaryType, blobs.binaryType], ['arraybuffer', 'blob'], 'before the open')
    await Promise.all([opened(buffers), opened(blobs)])
    same([buffers.binaryType, blobs.binaryType], ['arraybuffer', 'blob'], 'after it')
    const bytes = new Uint8Array([1, 2, 3])
    const [buffer, blob] = [await answerTo(buffers, bytes), await answerTo(blobs, bytes)]
    same([buffer instanceof ArrayBuffer, blob instanceof Blob], [true, true], 'what came')
    blobs.binaryType = 'arraybuffer'
    same((await answerTo(blobs, bytes)) instanceof ArrayBuffer, true, 'what came after a change')
  },

  async 'passes on what is sent and received as it is: texts, buffers, views, blobs'(place) {
    const socket = new (place.ticketClass())(place.url)
    socket.binaryType = 'arraybuffer'
    await opened(socket)
    const bytes = new Uint8Array([9, 0, 255, 9])
    for (const message of [bytes.buffer, new DataView(bytes.buffer), bytes, new Blob([bytes])]) {
      same([...new Uint8Array(await answerTo(socket, message))], [9, 0, 255, 9], message.constructor.name)
    }
    for (const text of ['', 'grüße 👋', 'x'.repeat(100_000)]) {
      same((await answerTo(socket, text)) === text, true, `a text of ${text.length}`)
    }
    same(socket.bufferedAmount, 0, 'bufferedAmount')
  },

  async 'calls handlers and listeners in their order, with events whose target it is'(place) {
    const socket = new (place.ticketClass())(place.url)
    /** @type {unknown[]} */
    const calls = []
    const unwanted = () => calls.push('taken away')
    socket.addEventListener('open', unwanted)
    socket.removeEventListener('open', unwanted)
    socket.onopen = unwanted
    socket.addEventListener('open', () => calls.push('listener'))
    /** @this {WebSocket} @param {Event} event */
    function note(event) {
      calls.push(`on${event.type}`, this === socket && event.target === socket && event.currentTarget === socket)
    }
    socket.onopen = note
    socket.onmessage = note
    socket.onclose = note
    const heard = eventsUntilClose(socket)
    await opened(socket)
    await answerTo(socket, 'hello')
    socket.send('say goodbye')
    const types = (await heard).map((event) => [event.type, event.target === socket])
    const called = ['onopen', true, 'listener', 'onmessage', true, 'onclose', true]
    same([calls, types], [called, ['open', 'message', 'close'].map((type) => [type, true])], 'calls')
  },

  async 'dispatches events of the classes of the browser, which can be made anew from themselves'(place) {
    const socket = new (place.ticketClass())(place.url)
    const failed = new (place.ticketClass({ credential: () => 'nobody' }))(place.url)
    const [heard, failure] = [eventsUntilClose(socket), eventsUntilClose(failed)]
    await opened(socket)
    socket.send('hello')
    await next(socket, 'message')
    socket.send('say goodbye')
    const [open, message, close] = await heard
    const [error, end] = await failure
    same(
      [open.constructor === Event, message instanceof MessageEvent, message.origin],
      [true, true, socket.url.replace(/\/at.*/, '')],
      'events',
    )
    same([close instanceof CloseEvent, end instanceof CloseEvent, error instanceof Event], [true, true, true], 'events')
    same(
      [open, message, close, error, end].map(copyOf),
      [
        { type: 'open' },
        { type: 'message', data: 'hello' },
        { type: 'close', code: 4000, reason: 'goodbye', wasClean: true },
        { type: 'error', code: 4401, reason: 'invalid_token' },
        { type: 'close', code: 4401, reason: 'invalid_token', wasClean: false },
      ],
      'copies',
    )
  },

  async 'says of a server that breaks the protocol: error, without a code, then close'(place) {
    const socket = await opened(new (place.ticketClass())(place.url))
    const heard = eventsUntilClose(socket)
    socket.send('break the protocol')
    const [error, close] = await heard
    same(
      [error.type, 'code' in error, close.type, close.code, close.wasClean],
      ['error', false, 'close', 1006, false],
      'events',
    )
  },
}
