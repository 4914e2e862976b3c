import type { Page } from 'playwright-core'
import { describe, expect, it } from 'vitest'
import { until } from 'wsticket-engines/until'
import { startDevelopmentGateway } from './development-gateway.ts'
import { usePlayground } from './playground.ts'

const playground = usePlayground()

const rows = (page: Page) => page.locator('.event')

/** Asks for tickets without a token, as a page of this origin would: one refusal, and one audit event, each. */
async function causeRefusals(count: number, origin = playground.url): Promise<void> {
  const request = { method: 'POST', headers: { origin } }
  for (let made = 0; made < count; made += 1) await fetch(`${playground.url}/tickets`, request)
}

/** Events of other tests may come at any time: the latest ones are told again, and the last ones are told late. */
const rowsOf = (page: Page, origin: string) => rows(page).filter({ hasText: origin })

describe('the view of the audit', () => {
  it('shows what happens while it happens, newest first', async () => {
    const visitor = await playground.visit()
    await visitor.signIn()
    await visitor.connect()
    await visitor.page.locator('.event[data-type="admitted"]').first().waitFor()
    const [newest, before] = await rows(visitor.page).allInnerTexts()
    expect(newest).toMatch(/Admitted\s+\d\d:\d\d:\d\d/)
    expect(newest).toContain('carried by subprotocol')
    expect(before).toMatch(/Ticket issued[\s\S]*For chat[\s\S]*alice[\s\S]*127\.0\.0\.1/)
  })

  it('tells kinds of events apart by words and by icons, not by colour alone', async () => {
    const visitor = await playground.visit()
    await visitor.signIn()
    await visitor.tryCheat('A foreign Origin')
    await visitor.connect()
    await causeRefusals(1)
    await visitor.page.locator('.event[data-type="issue_refused"]').first().waitFor()
    const kinds = ['ticket_issued', 'admitted', 'refused', 'issue_refused']
    const faces = kinds.map(async (kind) => {
      const row = visitor.page.locator(`.event[data-type="${kind}"]`).first()
      return [await row.locator('strong').innerText(), await row.locator('path').getAttribute('d')] as const
    })
    const [labels, icons] = [0, 1].map(async (part) => new Set((await Promise.all(faces)).map((face) => face[part])))
    expect((await labels)?.size).toBe(kinds.length)
    expect((await icons)?.size).toBe(kinds.length)
  })

  it('shows a short id of a ticket, and the full one in its title', async () => {
    const visitor = await playground.visit()
    await visitor.signIn()
    await visitor.connect()
    const row = visitor.page.locator('.event[data-type="admitted"]').first()
    await row.waitFor()
    const id = await visitor.page.locator('.stub code[title]').getAttribute('title')
    const shown = row.locator(`.event-facts [title="${id}"]`)
    expect(await shown.innerText()).toContain(`${id?.slice(0, 8)}…`)
    expect(await shown.innerText()).not.toContain(id)
  })

  it('holds still while it is paused, and catches up', async () => {
    const { page } = await playground.visit()
    const origin = 'https://paused.example'
    await page.getByRole('button', { name: 'Pause' }).click()
    await page.getByRole('button', { name: 'Clear' }).click()
    await causeRefusals(3, origin)
    await page.getByRole('button', { name: /^Resume \((?:[3-9]|\d\d) waiting\)$/ }).waitFor()
    expect(await rows(page).count()).toBe(0)
    expect(await page.locator('#feed-state').innerText()).toBe('Paused')
    await page.getByRole('button', { name: /Resume/ }).click()
    await expect.poll(() => rowsOf(page, origin).count()).toBe(3)
    expect(await page.locator('#feed-state').innerText()).toBe('Live')
  })

  it('can be cleared', async () => {
    const { page } = await playground.visit()
    const origin = 'https://cleared.example'
    await causeRefusals(1, origin)
    await rowsOf(page, origin).waitFor()
    await page.getByRole('button', { name: 'Pause' }).click()
    await page.getByRole('button', { name: 'Clear' }).click()
    expect(await rows(page).count()).toBe(0)
    expect(await page.getByText('Nothing has happened yet.').isVisible()).toBe(true)
  })

  it('keeps the latest 200 events', async () => {
    const { page } = await playground.visit()
    await causeRefusals(210)
    await expect.poll(() => rows(page).count()).toBe(200)
    await causeRefusals(5)
    await page.waitForTimeout(300)
    expect(await rows(page).count()).toBe(200)
  })

  it('shows an event once, though the server tells it again after an interruption', async () => {
    const { page } = await playground.visit()
    const event = { type: 'dangerous_setting', at: Date.now(), setting: 'rehearsal', consequence: 'none' }
    let answers = 0
    await page.route('**/dev/events', (route) => {
      answers += 1
      const body = `retry: 50\n\ndata: ${JSON.stringify(event)}\n\n`
      return route.fulfill({ contentType: 'text/event-stream', body })
    })
    await page.reload()
    await expect.poll(() => answers).toBeGreaterThan(2)
    expect(await rows(page).count()).toBe(1)
  })

  it('says when it has lost the connection, and finds it again', async () => {
    const gateway = await startDevelopmentGateway()
    const { page } = await playground.visit()
    playground.tolerate(/Failed to load resource: net::ERR_/)
    await page.goto(gateway.url)
    const state = page.locator('#feed-state')
    await expect.poll(() => state.innerText()).toBe('Live')
    await gateway.stop()
    await expect.poll(() => state.innerText()).toBe('Connection lost, trying again')
    // Somebody may have the port for a moment.
    const restarted = await until('the port is free', () => startDevelopmentGateway(gateway.port))
    try {
      await expect.poll(() => state.innerText(), { timeout: 30_000 }).toBe('Live')
    } finally {
      await restarted.stop()
    }
  })
})
