/**
 * Programs of `programs/`, as processes of their own: plain Node on the sources. They say what they do line by line, and die with
 * the process of the tests, however that dies.
 * @module
 */
import { type ChildProcessByStdio, spawn } from 'node:child_process'
import { once } from 'node:events'
import type { Readable, Writable } from 'node:stream'
import { fileURLToPath } from 'node:url'

/** A program that runs. */
export interface Program {
  /** Resolves when it has said this line; rejects where it ends before. */
  said(line: string): Promise<void>
  /** Says a line to it. */
  say(line: string): void
  /** Ends it at once (SIGKILL), or waits until it has ended by itself; what it has said then is complete. */
  kill(): Promise<readonly string[]>
  ended(): Promise<readonly string[]>
}

/** Starts a program, with arguments. The words of `prefix` are what runs it, where it is not run directly. */
export function startProgram(name: string, args: readonly string[], prefix: readonly string[] = []): Program {
  const file = fileURLToPath(new URL(`./programs/${name}.ts`, import.meta.url))
  const node = [process.execPath, '--disable-warning=ExperimentalWarning', file, ...args]
  const child = spawn('setpriv', ['--pdeathsig', 'SIGKILL', ...prefix, ...node], { stdio: ['pipe', 'pipe', 'inherit'] })
  return follow(child, name)
}

function follow(child: ChildProcessByStdio<Writable, Readable, null>, name: string): Program {
  let text = ''
  const waiting = new Map<string, () => void>()
  child.stdout.setEncoding('latin1').on('data', (more: string) => {
    const seen = Math.max(0, text.lastIndexOf('\n'))
    text += more
    for (const line of text.slice(seen).split('\n')) waiting.get(line)?.()
  })
  // It may be gone before it has read what it is told.
  child.stdin.on('error', () => {})
  const lines = () => text.split('\n').slice(0, -1)
  const over = once(child, 'close').then(lines)
  return {
    said: (line) =>
      new Promise((resolve, reject) => {
        waiting.set(line, resolve)
        if (lines().includes(line)) resolve()
        void over.then(() => reject(new Error(`${name} ended before it said ${line}`)))
      }),
    say: (line) => void child.stdin.write(`${line}\n`),
    async kill() {
      child.kill('SIGKILL')
      return over
    },
    ended: () => over,
  }
}
