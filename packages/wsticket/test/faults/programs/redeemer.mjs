/**
 * Redeems the tickets whose ids it is told, a number of them at a time, and says at once what came of each.
 *   node redeemer.mjs URL
 * It says `ready`, `asks ID` before it sends, `redeemed ID` (or what else it came to) after, and `done` at the end of a line of ids.
 *   node redeemer.mjs URL hasty     must be caught: it takes a ticket for redeemed, and asks a moment later
 */
import { writeSync } from 'node:fs'
import { createInterface } from 'node:readline'
import { setTimeout as pause } from 'node:timers/promises'
import { systemClock } from 'wsticket'
import { openStore } from 'wsticket/open-store'

const atOnce = 8
const momentMs = 20
const [url = '', how = 'patient'] = process.argv.slice(2)
const store = await openStore(url)

/** Written at once: what is said before a crash has happened before it. @param {string} line */
function say(line) {
  writeSync(1, `${line}\n`)
}

/** @param {string} id */
async function redeem(id) {
  say(`asks ${id}`)
  if (how === 'hasty') {
    say(`redeemed ${id}`)
    await pause(momentMs)
  }
  const outcome = await store.redeem(/** @type {import('wsticket').TicketId} */ (id), systemClock()).then(
    ({ kind }) => kind,
    ({ code }) => String(code),
  )
  if (how !== 'hasty') say(`${outcome} ${id}`)
}

await store.inspect()
say('ready')
for await (const line of createInterface({ input: process.stdin })) {
  const left = line.split(' ')
  const lane = async () => {
    for (let id = left.shift(); id !== undefined; id = left.shift()) await redeem(id)
  }
  await Promise.all(Array.from({ length: atOnce }, lane))
  say('done')
}
