/**
 * The built program, as a process of its own.
 */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { appendFileSync, existsSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { onTestFinished } from 'vitest'

const path = fileURLToPath(new URL('../../dist/main.js', import.meta.url))

export interface Ended {
  readonly code: number | null
  readonly stdout: string
  /** Without the newline at the end. */
  readonly lines: readonly string[]
}

export interface Program {
  readonly process: ChildProcess
  /** Resolves when it has said something like this to the person at the terminal. */
  said(pattern: RegExp): Promise<string>
  /** Everything on standard output so far. */
  stdout(): string
  /** Resolves when it has ended. */
  readonly ended: Promise<Ended>
}

/** Starts the program with these arguments, and nothing in the environment but this. */
export function start(args: readonly string[], environment: Record<string, string> = {}): Program {
  if (!existsSync(path)) throw new Error('The gateway is not built: npm run build')
  const child = spawn(process.execPath, [path, ...args], { env: environment, stdio: ['ignore', 'pipe', 'pipe'] })
  const heard = { stdout: '', stderr: '' }
  const waiting = new Set<() => void>()
  for (const name of ['stdout', 'stderr'] as const) {
    child[name].on('data', (chunk: Buffer) => {
      heard[name] += chunk.toString()
      keep(chunk)
      for (const look of waiting) look()
    })
  }
  const ended = once(child, 'close').then(([code]) => {
    return { code: code as number | null, stdout: heard.stdout, lines: heard.stderr.split('\n').slice(0, -1) }
  })
  onTestFinished(async () => {
    child.kill('SIGKILL')
    await ended
  })
  return {
    process: child,
    ended,
    stdout: () => heard.stdout,
    said: (pattern) =>
      new Promise((resolve, reject) => {
        const look = () => {
          const found = pattern.exec(heard.stderr)?.[0]
          if (found === undefined) return
          waiting.delete(look)
          resolve(found)
        }
        waiting.add(look)
        look()
        void ended.then(() => reject(new Error(`It ended. It had said: ${heard.stderr}`)))
      }),
  }
}

/** Runs the program to its end. */
export function run(args: readonly string[], environment: Record<string, string> = {}): Promise<Ended> {
  return start(args, environment).ended
}

/** Where a started gateway listens. */
export async function addressOf(program: Program): Promise<{ readonly url: string; readonly port: number }> {
  const url = await program.said(/http:\/\/127\.0\.0\.1:\d+/)
  return { url, port: Number(new URL(url).port) }
}

/** What a test run keeps of its output is searched for secrets at its end. */
function keep(chunk: Buffer): void {
  const folder = process.env.WSTICKET_TEST_OUTPUT
  if (folder !== undefined) appendFileSync(join(folder, 'gateway.log'), chunk)
}
