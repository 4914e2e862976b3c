/**
 * The contract: a session that outlives its credential. Runs in a page.
 */
import { answerTo, opened, pause, same } from './expectations.mjs'

/** Longer than the session of who has the credential `brief`. */
const beyondMs = 14_500

/** @type {import('./contract.mjs').Cases} */
export const renewal = {
  async 'renews its session with a newer credential before it ends, and sends nothing over the WebSocket'(place) {
    const credentials = ['brief', 'newer']
    const credential = () => credentials.shift() ?? 'too many'
    const [renewed, left] = await Promise.all([
      opened(new (place.ticketClass({ credential }))(place.url)),
      opened(new (place.ticketClass({ credential: () => 'brief', renewal: 'off' }))(place.url)),
    ])
    const ended = new Promise((resolve) => left.addEventListener('close', ({ code }) => resolve(code)))
    await pause(beyondMs)
    same(await ended, 4205, 'the session that is not renewed')
    const { asked, renewals, messages } = await place.journal()
    same([asked, renewals, messages], [['brief', 'brief'], ['newer'], 0], 'what came of it')
    same(await answerTo(renewed, 'still here'), 'still here', 'the one that is')
  },
}
