/**
 * The built gateway in development mode, as a process of its own.
 */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { appendFileSync, existsSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

export interface DevelopmentGateway {
  readonly url: string
  readonly port: number
  /** Ends the process, and waits until it has ended. */
  stop(): Promise<void>
}

const program = fileURLToPath(new URL('../../dist/main.js', import.meta.url))
// Beside three browsers that start it was seen to take more than twenty seconds. Shorter than a hook's.
const startTimeoutMs = 50_000

/** Starts it. The port 0 is any that is free. */
export async function startDevelopmentGateway(port = 0): Promise<DevelopmentGateway> {
  if (!existsSync(program)) throw new Error('The gateway is not built: npm run build')
  const process_ = spawn(process.execPath, [program, 'dev'], {
    env: { ...process.env, PORT: String(port) },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  for (const output of [process_.stdout, process_.stderr]) output.on('data', keep)
  const url = await readUrl(process_)
  return { url, port: Number(new URL(url).port), stop: () => stop(process_) }
}

/** It says on its standard error where it is to be found. */
function readUrl(gateway: ChildProcess): Promise<string> {
  return new Promise((resolve, reject) => {
    let said = ''
    const timer = setTimeout(() => {
      gateway.kill('SIGKILL')
      reject(new Error(`The gateway did not start. It said: ${said}`))
    }, startTimeoutMs)
    gateway.once('exit', (code) => {
      clearTimeout(timer)
      reject(new Error(`The gateway ended with ${code}. It said: ${said}`))
    })
    gateway.stderr?.on('data', (chunk: Buffer) => {
      said += chunk.toString()
      const url = /http:\/\/127\.0\.0\.1:\d+/.exec(said)?.[0]
      if (url === undefined) return
      clearTimeout(timer)
      resolve(url)
    })
  })
}

/** What a test run keeps of its output is searched for secrets at its end. */
function keep(chunk: Buffer): void {
  const folder = process.env.WSTICKET_TEST_OUTPUT
  if (folder !== undefined) appendFileSync(join(folder, 'gateway-in-browsers.log'), chunk)
}

async function stop(gateway: ChildProcess): Promise<void> {
  if (gateway.exitCode !== null || gateway.signalCode !== null) return
  const ended = once(gateway, 'exit')
  gateway.kill('SIGTERM')
  await ended
}
