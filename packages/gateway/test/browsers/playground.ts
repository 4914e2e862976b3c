/**
 * A playground for a test file: the gateway, the browser, and the rule that no tab leaks or complains.
 */
import type { Browser, BrowserContextOptions, Page } from 'playwright-core'
import { afterAll, afterEach, beforeAll, expect } from 'vitest'
import { launchChromium } from './chromium.ts'
import { type DevelopmentGateway, startDevelopmentGateway } from './development-gateway.ts'
import { follow, type Visitor } from './visitor.ts'
import { createWindows, type Windows } from './windows.ts'

export interface Playground {
  readonly url: string
  readonly gateway: DevelopmentGateway
  /** Opens the playground in a tab of its own. */
  visit(options?: BrowserContextOptions & { readonly path?: string }): Promise<Visitor>
  /** Opens it in a given tab. */
  follow(page: Page): Promise<Visitor>
  /** From now to the end of the test, such complaints are no fault. */
  tolerate(complaint: RegExp): void
}

/** Chromium itself says so of each answer 401 that a page gets: no program can prevent it. */
export const refusedTicketRequest = /^Failed to load resource: .* 401 \(Unauthorized\) \/tickets$/

/** Sets up a playground around the tests of a file. After each test no tab may have leaked or complained. */
export function usePlayground(): Playground {
  const visitors: Visitor[] = []
  let tolerated: RegExp[] = []
  let gateway: DevelopmentGateway
  let browser: Browser
  let windows: Windows

  beforeAll(async () => {
    gateway = await startDevelopmentGateway()
    browser = await launchChromium()
    windows = createWindows(browser)
  })
  afterEach(async () => {
    const guests = visitors.splice(0)
    const complaints = guests.flatMap((guest) => guest.complaints)
    const leaks = (await Promise.all(guests.map((guest) => guest.leaks()))).flat()
    const cookies = await windows.closeTabs()
    expect(complaints.filter((complaint) => !tolerated.some((form) => form.test(complaint)))).toEqual([])
    expect(leaks).toEqual([])
    expect(cookies).toEqual([])
    tolerated = []
  })
  afterAll(async () => {
    await browser.close()
    await gateway.stop()
  })

  const welcome = (visitor: Visitor): Visitor => {
    visitors.push(visitor)
    return visitor
  }
  return {
    get url() {
      return gateway.url
    },
    get gateway() {
      return gateway
    },
    async visit({ path = '/', ...options } = {}) {
      return welcome(await follow(await windows.openTab(options), `${gateway.url}${path}`))
    },
    follow: async (page) => welcome(await follow(page, gateway.url)),
    tolerate: (complaint) => void tolerated.push(complaint),
  }
}
