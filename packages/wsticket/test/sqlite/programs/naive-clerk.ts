/**
 * Redeems like clerk.ts, but looks first and spends then: what single use is not.
 *   node naive-clerk.ts <path>
 */
import { writeSync } from 'node:fs'
import { createInterface } from 'node:readline'
import { setImmediate as aTurn } from 'node:timers/promises'
import { idOf } from '../numbered-records.ts'
import { openRaw } from '../raw-database.ts'

const database = openRaw(process.argv[2] as string)
database.exec('PRAGMA busy_timeout = 5000')
const find = database.prepare("SELECT record FROM wsticket_tickets WHERE id = ? AND state = 'pending'")
const spend = database.prepare("UPDATE wsticket_tickets SET state = 'redeemed' WHERE id = ?")

async function redeem(number: number): Promise<void> {
  if (find.all(idOf(number)).length === 0) return
  await aTurn()
  spend.run(idOf(number))
  writeSync(1, `redeemed ${number}\n`)
}

writeSync(1, 'ready\n')
for await (const line of createInterface({ input: process.stdin })) {
  const [, from, to] = line.split(' ').map(Number)
  for (let number = Number(from); number < Number(to); number += 1) await redeem(number)
  writeSync(1, 'done\n')
}
