/**
 * Programs of `programs/`, as processes of their own: plain Node on the sources. They say what they do line by line, and die with
 * the process of the tests, however that dies.
 * @module
 */
import { type ChildProcessByStdio, spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import type { Readable, Writable } from 'node:stream'
import { fileURLToPath } from 'node:url'
import { onTestFinished } from 'vitest'

/** A program that runs. One at a time may wait for what it says. */
export interface Program {
  tell(line: string): void
  /** Resolves with all that it has said up to and with this line; rejects where it ends before. */
  until(line: string): Promise<readonly string[]>
  /** Tells it a line, and resolves with what it says up to its next `done`. */
  ask(line: string): Promise<readonly string[]>
  /** Ends it at once (SIGKILL). Resolves with everything that it has said and nobody has heard. */
  kill(): Promise<readonly string[]>
}

// Two hundred of them are started in one test: without this, each spends most of its time on stripping types.
const environment = {
  ...process.env,
  NODE_COMPILE_CACHE: fileURLToPath(new URL('../../../../node_modules/.cache/programs', import.meta.url)),
}

/** Starts a program, with arguments. The words of `prefix` are what runs it, where it is not run directly. */
export function startProgram(name: string, args: readonly string[], prefix: readonly string[] = []): Program {
  const file = fileURLToPath(new URL(`./programs/${name}.ts`, import.meta.url))
  const node = [process.execPath, '--disable-warning=ExperimentalWarning', file, ...args]
  return launch(name, [...prefix, ...node])
}

/** Starts what these words say, under a name of its own. */
export function launch(name: string, words: readonly string[]): Program {
  const child = spawn('setpriv', ['--pdeathsig', 'SIGKILL', ...words], {
    env: environment,
    stdio: ['pipe', 'pipe', 'inherit'],
  })
  return follow(child, name)
}

function follow(child: ChildProcessByStdio<Writable, Readable, null>, name: string): Program {
  let said: string[] = []
  let ended = false
  let wake = () => {}
  const lines = createInterface({ input: child.stdout, crlfDelay: Number.POSITIVE_INFINITY })
  lines.on('line', (line) => {
    said.push(line)
    wake()
  })
  // It may be gone before it has read what it is told.
  child.stdin.on('error', () => {})
  const over = once(lines, 'close').then(() => {
    ended = true
    wake()
  })
  const take = (count: number) => {
    const taken = said.slice(0, count)
    said = said.slice(count)
    return taken
  }
  const until = async (line: string) => {
    for (let heard = 0; ; ) {
      const at = said.indexOf(line, heard)
      if (at !== -1) return take(at + 1)
      if (ended) throw new Error(`${name} ended before it said ${line}`)
      heard = said.length
      await new Promise<void>((resolve) => {
        wake = resolve
      })
    }
  }
  const tell = (line: string) => void child.stdin.write(`${line}\n`)
  const kill = async () => {
    child.kill('SIGKILL')
    await over
    return take(said.length)
  }
  onTestFinished(async () => void (await kill()))
  return {
    tell,
    until,
    async ask(line) {
      tell(line)
      return until('done')
    },
    kill,
  }
}
