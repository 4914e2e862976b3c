/**
 * Starts the chat server as a process of its own, and ends it.
 * @module
 */
import { fork } from 'node:child_process'
import { once } from 'node:events'

/** A chat server that listens. */
export interface ChatProcess {
  /** Where it listens. */
  readonly url: string
  /** Ends it, and resolves when it has. */
  close(): Promise<void>
}

/**
 * Forks the chat server. It ends with this process, and is never restarted.
 * @param onUnexpectedExit hears of it where it ends by itself, in one sentence.
 * @throws Error where it does not come up.
 */
export async function startChatProcess(onUnexpectedExit: (sentence: string) => void): Promise<ChatProcess> {
  const child = fork(new URL('./chat-server.js', import.meta.url), [], {
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
  })
  const exited = once(child, 'exit')
  const port = await Promise.race([
    once(child, 'message').then(([message]) => message.port as number),
    exited.then(() => null),
  ])
  if (port === null) throw new Error('the chat server did not start')
  const onExit = (code: number | null, signal: string | null) => {
    onUnexpectedExit(
      `The chat server has ended (${signal ?? `exit code ${code}`}): WebSockets get 502 until you start again.`,
    )
  }
  child.once('exit', onExit)
  return {
    url: `ws://127.0.0.1:${port}`,
    async close() {
      child.off('exit', onExit)
      child.kill()
      await exited
    },
  }
}
