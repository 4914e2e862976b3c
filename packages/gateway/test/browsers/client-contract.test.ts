import { afterAll, beforeAll, describe, expect, it, type TestContext } from 'vitest'
import { until } from 'wsticket-engines/until'
import type { Application, stayConnected as StayConnected } from './contract/application.mjs'
import { namesBeside, namesInTurn, type tellOfOthers, type tryInTurn } from './contract/contract.mjs'
import { type ContractSite, startContractSite } from './contract-site.ts'
import { type DevelopmentGateway, startDevelopmentGateway } from './development-gateway.ts'
import type { Driver, Tab } from './driver.ts'
import { startChromium } from './drivers/chromium.ts'
import { startFirefox } from './drivers/firefox.ts'
import { startWebKit } from './drivers/webkit.ts'
import { connectInPlayground } from './playground-visit.ts'
import { freeze } from './process-tree.ts'

/** What there is in a page of the contract site. */
declare const contract: { readonly tryInTurn: typeof tryInTurn; readonly tellOfOthers: typeof tellOfOthers }
declare const stayConnected: typeof StayConnected
declare let application: Application

interface Subject {
  readonly driver: Driver
  readonly site: ContractSite
  /** Where the contract is tried. */
  readonly page: Tab
  readonly verdicts: Promise<Record<string, string>>
}

async function meet(start: () => Promise<Driver>): Promise<Subject> {
  const [driver, site] = await Promise.all([start(), startContractSite()])
  const page = await driver.openTab(site.url)
  const verdicts = page.evaluate(() => contract.tryInTurn(), null)
  verdicts.catch(() => {})
  return { driver, site, page, verdicts }
}

const browsers = [
  { name: 'Chromium', start: startChromium },
  { name: 'Firefox', start: startFirefox },
  { name: 'WebKitGTK', start: startWebKit },
]
const subjects = new Map<string, Promise<Subject>>()
let gateway: DevelopmentGateway
beforeAll(async () => {
  // All at once, for each of them waits for much of its time. What goes wrong with one is told where it is waited for.
  for (const { name, start } of browsers) subjects.set(name, meet(start))
  for (const subject of subjects.values()) subject.catch(() => {})
  gateway = await startDevelopmentGateway()
})
afterAll(() => gateway.stop())

describe.concurrent.each(browsers)('in $name', ({ name }) => {
  let subject: Subject
  beforeAll(async () => {
    subject = await (subjects.get(name) as Promise<Subject>)
  })
  afterAll(async () => {
    await subject?.driver.close()
    await subject?.site.stop()
  })

  /** A tab of this test. */
  async function openTab({ onTestFinished }: TestContext, url: string): Promise<Tab> {
    const tab = await subject.driver.openTab(url)
    onTestFinished(() => tab.close())
    return tab
  }

  it.sequential.each(namesInTurn)('a ticket WebSocket %s', async (caseName) => {
    expect((await subject.verdicts)[caseName]).toBe('kept')
  })

  it.sequential('the playground signs in, connects and chats', async (test) => {
    expect(await connectInPlayground(await openTab(test, gateway.url))).toEqual({
      signedIn: 'Signed in as alice.',
      connected: 'Connected as alice.',
      seen: `socket.url = '${gateway.url.replace('http', 'ws')}/ws'\nsocket.protocol = ''`,
      heard: expect.stringMatching(/^alice[\s\S]*\nHello from a real browser$/),
      shown: [],
    })
  })

  it.sequential('two tabs have tickets and sessions of their own, and one outlives the other', async (test) => {
    const { site, driver } = subject
    const [tab, other] = [await openTab(test, site.url), await driver.openTab(site.url)]
    const session = await startApplication(tab, 'two-tabs')
    expect(await startApplication(other, 'two-tabs')).not.toBe(session)
    expect(site.journal('two-tabs')).toMatchObject({ asked: ['alice', 'alice'] })
    expect(site.connected('two-tabs')).toBe(2)
    await other.close()
    await until('the other is gone', () => site.connected('two-tabs') === 1)
    expect(await ask(tab, 'hello')).toBe('hello')
    expect(await sessionIn(tab)).toBe(session)
  })

  it.sequential.each(namesBeside)('a ticket WebSocket %s', async (caseName) => {
    expect((await subject.page.evaluate(() => contract.tellOfOthers(), null))[caseName]).toBe('kept')
  })

  it.sequential('an application that was off the network comes back with another ticket', async (test) => {
    const { site } = subject
    const tab = await openTab(test, site.url)
    const session = await startApplication(tab, 'offline')
    await setOffline(tab, site, true)
    // Browsers leave an open WebSocket alone when they are off the network: whoever listens finds out, which is the server here.
    site.cut('offline')
    await lineIn(tab, 'close 1013')
    expect((await linesIn(tab)).slice(0, 3)).toEqual([session, 'close 1006', 'close 1013 try_later'])
    expect(site.journal('offline')).toMatchObject({ asked: ['alice'] })
    await setOffline(tab, site, false)
    // Where it is told, it waits no longer.
    if (tab.setOffline !== null) expect(await lineIn(tab, 'online')).toBe('online soon')
    expect(await sessionIn(tab)).not.toBe(session)
    expect(await ask(tab, 'hello')).toBe('hello')
  })

  it.sequential('an application that was asleep comes back with another ticket', async (test) => {
    const site = await startContractSite({ pingEveryMs: 1000 })
    test.onTestFinished(() => site.stop())
    const tab = await openTab(test, site.url)
    const session = await startApplication(tab, 'asleep')
    const thaw = freeze(subject.driver.processId)
    await until('the server takes it for gone', () => site.connected('asleep') === 0).finally(thaw)
    expect(await lineIn(tab, 'close')).toMatch(/^close (?:4408 timeout|1006)$/)
    expect(await sessionIn(tab)).not.toBe(session)
    expect(await ask(tab, 'hello')).toBe('hello')
  })
})

/** Starts the application in a tab; resolves with its session once it is connected. */
async function startApplication(tab: Tab, place: string): Promise<string> {
  await tab.evaluate((name) => {
    application = stayConnected(name)
  }, place)
  return sessionIn(tab)
}

const sessionIn = (tab: Tab) => tab.evaluate(() => application.session(), null)

const linesIn = (tab: Tab) => tab.evaluate(() => application.lines, null)

const lineIn = (tab: Tab, start: string) => tab.evaluate((text) => application.line(text), start)

const ask = (tab: Tab, message: string) => tab.evaluate((text) => application.ask(text), message)

/** WebKitGTK's driver cannot take a page off the network: there, its server goes away. */
async function setOffline(tab: Tab, site: ContractSite, isOffline: boolean): Promise<void> {
  if (tab.setOffline !== null) await tab.setOffline(isOffline)
  else if (isOffline) await site.sleep()
  else await site.wake()
}
