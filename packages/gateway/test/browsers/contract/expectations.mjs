/**
 * What a case of the contract says of what it sees, and waits for. Runs in a page.
 */

/** @param {unknown} actual @param {unknown} expected both as JSON @param {string} what */
export function same(actual, expected, what) {
  const [is, should] = [JSON.stringify(actual), JSON.stringify(expected)]
  if (is !== should) throw new Error(`${what}: ${masked(is)}, and not ${masked(should)}`)
}

/** What is wrong may be that a ticket shows; it goes no further. @param {string} text */
const masked = (text) => text.replace(/(ws[tk]_)[\w-]+/g, '$1...')

/** The name of what a function throws; null for nothing. @param {() => unknown} act @returns {string | null} */
export function thrownBy(act) {
  try {
    act()
    return null
  } catch (error) {
    return error instanceof Error || error instanceof DOMException ? error.name : typeof error
  }
}

/** The next event of a type. @param {EventTarget} target @param {string} type @returns {Promise<any>} */
export function next(target, type) {
  return new Promise((resolve) => target.addEventListener(type, resolve, { once: true }))
}

/** Resolves with the socket when it is open; rejects where it does not open. @param {WebSocket} socket @returns {Promise<WebSocket>} */
export function opened(socket) {
  return new Promise((resolve, reject) => {
    socket.addEventListener('open', () => resolve(socket), { once: true })
    socket.addEventListener('close', ({ code, reason }) => reject(new Error(`closed with ${code} ${reason}`)))
  })
}

/** Every event up to the close, in their order. @param {WebSocket} socket @returns {Promise<any[]>} */
export function eventsUntilClose(socket) {
  return new Promise((resolve) => {
    /** @type {Event[]} */
    const events = []
    for (const type of ['open', 'message', 'error', 'close']) {
      socket.addEventListener(type, (event) => {
        events.push(event)
        if (type === 'close') resolve(events)
      })
    }
  })
}

/** What comes back for a message; rejects where that is a close. @param {WebSocket} socket @param {any} message @returns {Promise<any>} */
export async function answerTo(socket, message) {
  const answer = Promise.race([next(socket, 'message'), next(socket, 'close')])
  socket.send(message)
  const { type, data, code } = await answer
  if (type === 'close') throw new Error(`closed with ${code}`)
  return data
}

/** @param {number} delayMs */
export const pause = (delayMs) => new Promise((resolve) => setTimeout(resolve, delayMs))

/** Waits for a condition. How long, the case's own deadline says. @param {() => Promise<boolean>} condition */
export async function until(condition) {
  while (!(await condition())) await pause(20)
}
