/**
 * The contract: where the ticket and its key travel, and where they never show. Runs in a page.
 */
import { createTicketSource } from 'wsticket/client'
import { answerTo, eventsUntilClose, next, opened, same } from './expectations.mjs'

/** @typedef {import('./place.mjs').Place} Place */

/** Every text that can be read from a value, its inherited properties too. @param {any} value @param {Set<object>} [seen] @returns {string[]} */
function textsOf(value, seen = new Set()) {
  if (typeof value === 'string') return [value]
  if (typeof value !== 'object' || value === null || value instanceof Node || value === window || seen.has(value))
    return []
  seen.add(value)
  /** @type {PropertyKey[]} */
  const keys = []
  for (let at = value; at !== null && at !== Object.prototype; at = Object.getPrototypeOf(at))
    keys.push(...Reflect.ownKeys(at))
  return keys.flatMap((key) => textsOf(value[key], seen))
}

/** Opens, talks and closes; nothing of the ticket may show. @param {Place} place @param {object} options @param {object} seen */
async function tryCarrier(place, options, seen) {
  const socket = new (place.ticketClass(options))(`${place.url}?room=a%20b+c`, ['app.v1'])
  const heard = eventsUntilClose(socket)
  await opened(socket)
  same(await answerTo(socket, 'hello'), 'hello', 'the first message of the application')
  same([socket.url, socket.protocol], [`${place.absoluteUrl}?room=a%20b+c`, 'app.v1'], 'url and protocol')
  socket.send('say goodbye')
  const events = await heard
  const texts = textsOf([socket, events]).concat(performance.getEntries().map(({ name }) => name))
  same([texts.includes(socket.url), texts.includes('goodbye')], [true, true], 'what is looked at')
  same(/ws[tk]_/.test(texts.join()), false, 'a ticket or a key shows')
  same((await place.journal()).handshakes, [{ protocols: ['app.v1'], ...seen }], 'handshakes')
}

/** @type {import('./contract.mjs').Cases} */
export const secrets = {
  'shows neither ticket nor key with the carrier subprotocol': (place) =>
    tryCarrier(place, {}, { ticketIn: 'subprotocol', keyIn: 'subprotocol' }),

  'shows neither ticket nor key with the carrier query': (place) =>
    tryCarrier(place, { carrier: 'query' }, { ticketIn: 'query', keyIn: 'query' }),

  'shows neither ticket nor key with the carrier message': (place) =>
    tryCarrier(place, { carrier: 'message' }, { ticketIn: '', keyIn: '' }),

  async 'hides the marker that the server selects where the application offers nothing'(place) {
    const own = await offerByHand(place)
    same(own.protocol, 'wsticket.v1', 'what the server selects')
    same((await opened(new (place.ticketClass())(place.url))).protocol, '', 'what shows')
  },

  async 'is told why a ticket in the first message was refused'(place) {
    const ticketSource = async () => `wst_${'A'.repeat(43)}`
    const socket = new (place.ticketClass({ ticketSource, carrier: 'message' }))(place.url)
    const { code, reason } = await next(socket, 'close')
    same([code, reason], [4401, 'invalid_ticket'], 'close')
  },

  async 'locks its ticket: the key is told to nobody, and without it the ticket opens nothing'(place) {
    /** @type {string[]} */
    const bodies = []
    const source = createTicketSource({
      ticketUrl: place.ticketUrl,
      credential: () => 'alice',
      fetch: (url, init) => {
        bodies.push(/** @type {string} */ (init?.body))
        return fetch(url, init)
      },
    })
    const wanted = { signal: new AbortController().signal, url: place.absoluteUrl }
    const [stolen, mine] = [await source(wanted), await source(wanted)]
    const sent = bodies.map((body) => [/"lock":"[\w-]{43}"/.test(body), /wsk_/.test(body)])
    same(
      [sent, new Set(bodies).size],
      [Array(2).fill([true, false]), 2],
      'what is sent: a lock, another one each time, and no key',
    )
    const thief = offer(place, ['wsticket.v1', stolen.ticket])
    const { type } = await Promise.race([next(thief, 'open'), next(thief, 'error')])
    same(type, 'error', 'the ticket without its key')
    await opened(new (place.ticketClass({ ticketSource: async () => mine }))(place.url))
    same((await place.journal()).sessions.length, 1, 'sessions')
  },

  async 'opens without a lock where it is off'(place) {
    await opened(new (place.ticketClass({ lock: 'off' }))(place.url))
    const { handshakes } = await place.journal()
    same(handshakes, [{ protocols: [], ticketIn: 'subprotocol', keyIn: '' }], 'handshakes')
  },
}

/** @param {Place} place @param {string[]} protocols */
const offer = (place, protocols) => new WebSocket(place.absoluteUrl, protocols)

/** A WebSocket of the browser's own class. @param {Place} place */
async function offerByHand(place) {
  const source = createTicketSource({ ticketUrl: place.ticketUrl, credential: () => 'alice', lock: 'off' })
  const { ticket } = await source({ signal: new AbortController().signal, url: place.absoluteUrl })
  return opened(offer(place, ['wsticket.v1', ticket]))
}
