/**
 * Debian's Firefox, by Puppeteer over WebDriver BiDi.
 */
import puppeteer from 'puppeteer-core'
import type { Driver } from '../driver.ts'

/** Starts it without a window, with a profile that is gone with it. */
export async function startFirefox(): Promise<Driver> {
  const browser = await puppeteer.launch({ browser: 'firefox', executablePath: '/usr/bin/firefox-esr', headless: true })
  return {
    processId: browser.process()?.pid as number,
    async openTab(url) {
      const page = await browser.newPage()
      await page.goto(url)
      return {
        evaluate: (program, argument) => page.evaluate(program as never, argument),
        setOffline: (isOffline) => page.setOfflineMode(isOffline),
        close: () => page.close(),
      }
    },
    close: () => browser.close(),
  }
}
