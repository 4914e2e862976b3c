/**
 * WebKitGTK, by its own WebDriver: W3C WebDriver over `fetch`. It has no mode without a window, and so gets a display of its own.
 */
import { freePorts, type ServerProcess, startProcess } from 'wsticket-engines/process'
import { until } from 'wsticket-engines/until'
import type { Driver, Tab } from '../driver.ts'

/** Sends one command of the session, and resolves with its value. */
type Command = (method: 'GET' | 'POST' | 'DELETE', path: string, body?: object) => Promise<unknown>

// One script tries the whole contract, case by case.
const capabilities = { alwaysMatch: { timeouts: { script: 110_000 } } }

/** Starts it. */
export async function startWebKit(): Promise<Driver> {
  const display = await startProcess(['Xvfb', '-displayfd', '1', '-screen', '0', '1280x800x24', '-nolisten', 'tcp'], {
    ready: /^\d+\n/m,
  })
  const [port = 0] = await freePorts(1)
  // It says nothing by itself.
  const program = `echo starts; exec WebKitWebDriver --host=127.0.0.1 --port=${port}`
  const webDriver = await startProcess(['sh', '-c', program], {
    ready: /starts/,
    environment: { DISPLAY: `:${/^\d+$/m.exec(display.output())?.[0]}` },
  })
  const send = createCommand(`http://127.0.0.1:${port}`)
  await until('WebKitWebDriver answers', () => send('GET', '/status'))
  const { sessionId } = (await send('POST', '/session', { capabilities })) as { sessionId: string }
  const command = createCommand(`http://127.0.0.1:${port}/session/${sessionId}`)
  return createDriver(command, [webDriver, display])
}

/** Acts in one tab: commands go to one at a time. */
type InTab = <Result>(handle: string, act: () => Promise<Result>) => Promise<Result>

async function createDriver(command: Command, processes: readonly ServerProcess[]): Promise<Driver> {
  const firstTab = (await command('GET', '/window')) as string
  let before: Promise<unknown> = Promise.resolve()
  const inTab: InTab = (handle, act) => {
    const result = before.then(() => command('POST', '/window', { handle })).then(act)
    before = result.catch(() => {})
    return result
  }
  return {
    processId: processes[0]?.pid as number,
    async openTab(url) {
      const opened = await inTab(firstTab, () => command('POST', '/window/new', { type: 'tab' }))
      const { handle } = opened as { handle: string }
      await inTab(handle, () => command('POST', '/url', { url }))
      const tab = createTab(command, (act) => inTab(handle, act))
      // The driver does not wait for that, whatever its strategy is.
      await until('the page is loaded', () => tab.evaluate(() => document.readyState === 'complete', null))
      return tab
    },
    async close() {
      await command('DELETE', '').catch(() => {})
      for (const process of processes) await process.stop()
    },
  }
}

function createTab(command: Command, inTab: <Result>(act: () => Promise<Result>) => Promise<Result>): Tab {
  return {
    async evaluate(program, argument) {
      // What is thrown comes back as a value, for the driver would not tell what it says.
      const script = `const [argument, done] = arguments
        new Promise((resolve) => resolve((${program.toString()})(argument))).then(
          (value) => done({ value }), (error) => done({ thrown: String(error) }))`
      const outcome = await inTab(() => command('POST', '/execute/async', { script, args: [argument] }))
      const { value, thrown } = outcome as { value: never; thrown?: string }
      if (thrown !== undefined) throw new Error(thrown)
      return value
    },
    setOffline: null,
    close: async () => void (await inTab(() => command('DELETE', '/window'))),
  }
}

function createCommand(base: string): Command {
  return async (method, path, body) => {
    const sent = body === undefined ? {} : { body: JSON.stringify(body) }
    const response = await fetch(`${base}${path}`, { method, ...sent })
    const { value } = (await response.json()) as { value: { error?: string; message?: string } | null }
    if (response.status !== 200) throw new Error(`${method} ${path}: ${value?.error}: ${value?.message}`)
    return value
  }
}
