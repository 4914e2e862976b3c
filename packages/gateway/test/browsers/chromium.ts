/**
 * The real browser.
 */
import { type Browser, chromium } from 'playwright-core'

/** What Debian's Chromium is started with: without a window, and without questions to anybody. */
export const chromiumOptions = {
  executablePath: process.env.CH ?? '/usr/bin/chromium',
  args: [
    '--headless',
    '--no-sandbox',
    '--disable-gpu',
    '--disable-quic',
    '--no-first-run',
    '--disable-background-networking',
    '--disable-component-update',
    '--disable-sync',
  ],
}

/** Starts it. */
export function launchChromium(): Promise<Browser> {
  return chromium.launch(chromiumOptions)
}
