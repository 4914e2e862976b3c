/**
 * Windows that stay open: to open one takes Chromium seconds, to open a tab in it does not.
 */
import type { Browser, BrowserContext, BrowserContextOptions, Page } from 'playwright-core'

export interface Windows {
  /** Opens an empty tab in the window with these options. */
  openTab(options: BrowserContextOptions): Promise<Page>
  /** Closes every tab; returns the names of the cookies that they left, of which the next test would know. */
  closeTabs(): Promise<readonly string[]>
}

interface Window {
  readonly context: BrowserContext
  /** Keeps the window open. */
  readonly keeper: Page
}

/** One window for each set of options. */
export function createWindows(browser: Browser): Windows {
  const windows = new Map<string, Promise<Window>>()

  async function openWindow(options: BrowserContextOptions): Promise<Window> {
    const context = await browser.newContext(options)
    return { context, keeper: await context.newPage() }
  }

  async function empty({ context, keeper }: Window): Promise<readonly string[]> {
    const tabs = context.pages().filter((page) => page !== keeper)
    await Promise.all(tabs.map((page) => page.close()))
    return (await context.cookies()).map(({ name }) => name)
  }

  return {
    async openTab(options) {
      const key = JSON.stringify(options)
      const opened = windows.get(key) ?? openWindow(options)
      windows.set(key, opened)
      return (await opened).context.newPage()
    },
    async closeTabs() {
      const opened = await Promise.all(windows.values())
      return (await Promise.all(opened.map(empty))).flat()
    },
  }
}
