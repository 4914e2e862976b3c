/**
 * Debian's Chromium, by Playwright.
 */
import { chromium } from 'playwright-core'
import { chromiumOptions } from '../chromium.ts'
import type { Driver } from '../driver.ts'

/** Starts it without a window. */
export async function startChromium(): Promise<Driver> {
  const server = await chromium.launchServer({ ...chromiumOptions, host: '127.0.0.1' })
  const browser = await chromium.connect(server.wsEndpoint())
  const context = await browser.newContext()
  return {
    processId: server.process().pid as number,
    async openTab(url) {
      const page = await context.newPage()
      await page.goto(url)
      return {
        evaluate: (program, argument) => page.evaluate(program as never, argument),
        setOffline: (isOffline) => context.setOffline(isOffline),
        close: () => page.close(),
      }
    },
    async close() {
      await browser.close()
      await server.close()
    },
  }
}
