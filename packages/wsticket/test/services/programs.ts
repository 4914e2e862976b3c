/**
 * Programs of examples/, as processes of their own.
 * @module
 */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { onTestFinished } from 'vitest'
import { WebSocket } from 'ws'

/** A program that listens. */
export interface RunningExample {
  /** `127.0.0.1:40000` */
  readonly host: string
  /** Ends it at once (SIGKILL), and waits until it is gone. */
  kill(): Promise<void>
}

/** Starts a program of examples/ with these variables in its environment, and resolves when it says where it listens. */
export async function startExample(path: string, environment: Record<string, string>): Promise<RunningExample> {
  const file = fileURLToPath(new URL(`../../../../examples/${path}`, import.meta.url))
  const child = spawn(process.execPath, [file], {
    env: { ...process.env, PORT: '0', ...environment },
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const ended = once(child, 'exit')
  const kill = async () => {
    child.kill('SIGKILL')
    await ended
  }
  onTestFinished(kill)
  return { host: `127.0.0.1:${await portOf(child, ended)}`, kill }
}

function portOf(child: ChildProcess, ended: Promise<unknown[]>): Promise<string> {
  return new Promise((resolve, reject) => {
    child.stdout?.setEncoding('utf8').on('data', (text: string) => {
      const found = /listening on (\d+)/.exec(text)?.[1]
      if (found !== undefined) resolve(found)
    })
    void ended.then(([code]) => reject(new Error(`the example ended with ${String(code)}`)))
  })
}

/** A browser on the page of the application: `ws`, with the page's Origin. */
export class PageWebSocket extends WebSocket {
  constructor(url: string, protocols?: string[]) {
    super(url, protocols, { origin: 'https://app.example' })
  }
}

/** The first message of a socket; rejects where it closes before. */
export function greetingOf(socket: globalThis.WebSocket): Promise<unknown> {
  return new Promise((resolve, reject) => {
    socket.onmessage = ({ data }) => {
      resolve(data)
      socket.close()
    }
    socket.onclose = ({ code, reason }) => reject(new Error(`closed with ${code} ${reason}`))
  })
}
