/**
 * The program of examples/another-language, run by the Python that Debian's packages are for.
 * @module
 */
import { execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import type { Key } from '../../src/lock.ts'
import type { Ticket, TicketId } from '../../src/ticket.ts'

const python = '/usr/bin/python3'
const folder = fileURLToPath(new URL('../../../../examples/another-language/', import.meta.url))
const redeemer = fileURLToPath(new URL('./redeemer.py', import.meta.url))
// The random bytes are those of the test vector: the same ticket each time.
const withoutRandomness = `import sys, secrets, tickets
secrets.token_bytes = bytes
tickets.DEADLINE_S = 20
sys.exit(tickets.main())`
// For those who do not ask how long it waits: a busy machine may take longer than the program's two seconds.
const patient = `import sys, tickets
tickets.DEADLINE_S = 20
sys.exit(tickets.main())`

/** Who the tickets are for that these tests issue in Python. */
export const subject = 'https://id.example#ålice 🎫'

/** A ticket that is in no store. */
export const neverIssued = `wst_${'A'.repeat(42)}E` as Ticket

/** What a run of the program has printed. It may show a ticket: look at its parts, and never hand all of it to `expect`. */
export interface PythonRun {
  readonly status: number
  // biome-ignore lint/suspicious/noExplicitAny: JSON that each test knows the form of
  readonly answer: any
  /** Standard error. */
  readonly complaint: string
}

/** Throws, in one line, where the program cannot be run here. */
export async function requirePython(): Promise<void> {
  const { status } = await run(['-c', 'import redis, psycopg2'])
  if (status === 0) return
  throw new Error(`needs ${python} with Debian's packages python3-redis and python3-psycopg2`)
}

/** Runs `tickets.py`, with a text on its standard input. */
export function runTickets(words: readonly string[], input = ''): Promise<PythonRun> {
  return run(['tickets.py', ...words], input)
}

/** The same, but it waits for twenty seconds. */
export function runPatiently(words: readonly string[], input = ''): Promise<PythonRun> {
  return run(['-c', patient, ...words], input)
}

/** The words that issue a ticket; options that are given again count. */
export function issuing(url: string, ...options: readonly string[]): string[] {
  return ['issue', url, '--subject', subject, '--audience', 'chat', ...options]
}

/** A ticket from Python. */
export async function issueInPython(url: string, ...options: readonly string[]) {
  const { ticket, id, expires_in: expiresIn } = answerOf(await runPatiently(issuing(url, ...options)))
  return { ticket: ticket as Ticket, id: id as TicketId, expiresIn }
}

/** Issues with random bytes that are all zero. */
export function issueWithoutRandomness(url: string): Promise<PythonRun> {
  return run(['-c', withoutRandomness, ...issuing(url)])
}

/** What Python says of a ticket that is presented to it, alone or with a key. */
export async function redeemInPython(url: string, ticket: Ticket, key?: Key) {
  const presented = key === undefined ? ticket : `${ticket}.${key}`
  return answerOf(await runPatiently(['redeem', url], `${presented}\n`))
}

/** Voids a ticket in Python: true where it was pending. */
export async function revokeInPython(url: string, id: TicketId): Promise<boolean> {
  return answerOf(await runPatiently(['revoke', url], `${id}\n`)).revoked
}

/** The constants of a module of the program that are texts, by name. */
export async function textsOf(module: string): Promise<{ readonly [name: string]: string }> {
  const texts = '{name: value for name, value in vars(module).items() if type(value) is str and name.isupper()}'
  return answerOf(await run(['-c', `import json, ${module} as module; print(json.dumps(${texts}))`]))
}

function answerOf({ status, answer, complaint }: PythonRun) {
  if (status === 0) return answer
  throw new Error(`the program has ended with ${status}: ${complaint}`)
}

function run(words: readonly string[], input = ''): Promise<PythonRun> {
  return new Promise((resolve) => {
    const child = execFile(python, ['-B', ...words], { cwd: folder }, (error, output, complaint) => {
      const status = error === null ? 0 : typeof error.code === 'number' ? error.code : -1
      resolve({ status, complaint, answer: output === '' ? null : JSON.parse(output) })
    })
    // A program that ends without reading closes the pipe.
    child.stdin?.on('error', () => {})
    child.stdin?.end(input)
  })
}

/** A process that redeems, over one connection, whatever it is told to. */
export interface Redeemer {
  /** Resolves with the outcome. */
  redeem(ticket: Ticket): Promise<string>
  stop(): Promise<void>
}

/** Starts a process that redeems, and resolves when it has its connection. */
export async function startRedeemer(url: string): Promise<Redeemer> {
  const env = { ...process.env, PYTHONPATH: folder }
  const child = spawn(python, ['-B', redeemer, url], { env, stdio: ['pipe', 'pipe', 'inherit'] })
  const ended = once(child, 'exit')
  const answers = createInterface(child.stdout)[Symbol.asyncIterator]()
  async function redeem(ticket: Ticket): Promise<string> {
    child.stdin.write(`${ticket}\n`)
    const { value, done } = await answers.next()
    if (done) throw new Error('a redeemer has ended')
    return value
  }
  async function stop(): Promise<void> {
    child.stdin.end()
    await ended
  }
  await redeem(neverIssued)
  return { redeem, stop }
}
