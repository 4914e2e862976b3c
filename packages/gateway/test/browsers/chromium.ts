/**
 * The real browser.
 */
import { type Browser, chromium } from 'playwright-core'

/** What Debian's Chromium is started with: that without all that belongs to a window, which takes a third less of a processor, and without questions to anybody. */
export const chromiumOptions = {
  executablePath: '/usr/bin/chromium-headless-shell',
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
