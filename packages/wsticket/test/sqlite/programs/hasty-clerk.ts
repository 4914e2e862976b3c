/**
 * Issues and redeems like clerk.ts, but says what it has redeemed before that is committed, fifty at a time: what a store would do
 * that saves itself the wait.
 *   node hasty-clerk.ts <path>
 */
import { writeSync } from 'node:fs'
import { createInterface } from 'node:readline'
import { createSqliteStore } from '../../../src/stores/sqlite.ts'
import { idOf, recordOf } from '../numbered-records.ts'
import { openRaw } from '../raw-database.ts'

const path = process.argv[2] as string
const store = createSqliteStore({ path })
await store.inspect()
const database = openRaw(path)
const spend = database.prepare("UPDATE wsticket_tickets SET state = 'redeemed' WHERE id = ?")

function redeem(number: number): void {
  if (number % 50 === 0) database.exec(number === 0 ? 'BEGIN' : 'COMMIT; BEGIN')
  spend.run(idOf(number))
  writeSync(1, `redeemed ${number}\n`)
}

writeSync(1, 'ready\n')
for await (const line of createInterface({ input: process.stdin })) {
  const [verb, , end] = line.split(' ')
  for (let number = 0; number < Number(end); number += 1) {
    if (verb === 'issue') await store.insert(recordOf(number))
    else redeem(number)
  }
  writeSync(1, 'done\n')
}
