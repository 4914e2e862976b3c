/** The session log over several processes: some write, some read, some are killed. */
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { beforeEach, expect, it, onTestFinished } from 'vitest'
import { temporaryFolder } from 'wsticket-engines/process'
import { long } from '../faults/proof-size.ts'
import { type Program, startProgram } from './program.ts'
import { positionsIn } from './scribed.ts'

const writers = 3
const entries = long ? 5000 : 400
const kills = long ? 200 : 5
// So much does each of them write: no more than can be read at once.
const most = 900

let path: string

beforeEach(() => {
  const folder = temporaryFolder('sqlite-log')
  onTestFinished(folder.remove)
  path = join(folder.path, 'tickets.db')
})

async function startScribes(...names: readonly string[]): Promise<readonly Program[]> {
  const scribes = names.map((name) => startProgram('scribe', [path, name]))
  for (const scribe of scribes) await scribe.until('ready')
  return scribes
}

it('leaves nothing out, and has one order for all, where three processes write and two read meanwhile', async () => {
  const scribes = await startScribes('a', 'b', 'c')
  const readers = await startScribes('one', 'other')
  const reading = readers.map((reader) => reader.ask(`follow ${writers * entries}`))
  const said = await Promise.all(scribes.map((scribe) => scribe.ask(`append 0 ${entries}`)))
  const [one, other] = (await Promise.all(reading)) as [readonly string[], readonly string[]]
  expect(one).toEqual(other)
  expect(new Set(positionsIn(one))).toEqual(new Set(said.flatMap(positionsIn)))
  expect(positionsIn(one)).toHaveLength(writers * entries)
  for (const [at, name] of ['a', 'b', 'c'].entries()) {
    const its = one.filter((line) => line.includes(` ${name}-`))
    expect(its).toEqual(
      positionsIn(said[at] as readonly string[]).map((position, n) => `read ${position} ${name}-${n}`),
    )
  }
})

it(
  `keeps what a process has said it wrote, and one more at the most, each of ${kills} times that one is killed`,
  async () => {
    const [survivor] = (await startScribes('survivor')) as [Program]
    let written = 0
    let interrupted = 0
    for (let kill = 0; kill < kills; kill += 1) {
      const [scribe] = (await startScribes(`${kill}`)) as [Program]
      const [last = ''] = positionsIn(await survivor.ask('append 0 1'))
      const begun = await scribe.ask('append 0 1')
      scribe.tell(`append 1 ${most}`)
      await sleep(20 + Math.random() * 50)
      const said = positionsIn([...begun, ...(await scribe.kill())])
      const found = positionsIn(await survivor.ask(`readAfter ${last}`))
      expect(found.slice(0, said.length)).toEqual(said.slice(0, found.length))
      expect([said.length, said.length + 1]).toContain(found.length)
      written += said.length
      if (said.length < most) interrupted += 1
    }
    expect(written).toBeGreaterThan(kills)
    expect(interrupted).toBeGreaterThan(0)
  },
  20_000 + kills * 3000,
)
