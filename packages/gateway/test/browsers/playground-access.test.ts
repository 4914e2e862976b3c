import type { Page } from 'playwright-core'
import { describe, expect, it } from 'vitest'
import { findFaintTexts } from './contrast.ts'
import { refusedTicketRequest, usePlayground } from './playground.ts'
import type { Visitor } from './visitor.ts'

const playground = usePlayground()

const mostTabs = 40
const phone = { viewport: { width: 360, height: 740 }, isMobile: true, hasTouch: true }

/** Presses Tab until the thing of this name has the focus; returns whether one can see that it has. */
async function tabTo(page: Page, name: string | RegExp): Promise<boolean> {
  for (let pressed = 0; pressed < mostTabs; pressed += 1) {
    await page.keyboard.press('Tab')
    const { label, outlined } = await page.evaluate(() => {
      const focused = document.activeElement as HTMLElement
      const label = (focused as HTMLInputElement).labels?.[0]?.textContent || focused.textContent || ''
      return { label: label.trim(), outlined: getComputedStyle(focused).outlineStyle !== 'none' }
    })
    if (typeof name === 'string' ? label === name : name.test(label)) return outlined
  }
  throw new Error(`Tab does not lead to ${name}`)
}

async function doEverything(visitor: Visitor): Promise<void> {
  playground.tolerate(refusedTicketRequest)
  await visitor.signIn()
  await visitor.connect()
  await visitor.say(`A message without a space: ${'x'.repeat(120)}`)
  for (const title of await visitor.page.locator('.cheat h3').allInnerTexts()) await visitor.tryCheat(title)
}

async function expectReadable(page: Page): Promise<void> {
  for (const colorScheme of ['light', 'dark'] as const) {
    await page.emulateMedia({ colorScheme })
    expect(await page.evaluate(findFaintTexts), colorScheme).toEqual([])
  }
}

const overflow = () => document.documentElement.scrollWidth - document.documentElement.clientWidth

describe('the playground', () => {
  it('can be used by keyboard alone, and shows where the focus is', async () => {
    const { page } = await playground.visit()
    expect(await tabTo(page, 'Name')).toBe(true)
    await page.keyboard.press('Control+A')
    await page.keyboard.type('carol')
    expect(await tabTo(page, 'Sign in')).toBe(true)
    await page.keyboard.press('Enter')
    await page.getByText('Signed in as carol.').waitFor()
    expect(await tabTo(page, 'Connect')).toBe(true)
    await page.keyboard.press('Enter')
    await page.getByText('Connected as carol.').waitFor()
    expect(await tabTo(page, 'Message')).toBe(true)
    await page.keyboard.type('By keyboard')
    await page.keyboard.press('Enter')
    await page.locator('.said', { hasText: 'By keyboard' }).waitFor()
    expect(await tabTo(page, 'Come from another site')).toBe(true)
    await page.keyboard.press('Space')
    await page.locator('.verdict .badge').waitFor()
    expect(await page.evaluate(() => document.activeElement?.textContent)).toBe('Come from another site')
    expect(await tabTo(page, /^Sent, received/)).toBe(true)
    await page.keyboard.press('Enter')
    expect(await page.locator('.outcome .why').isVisible()).toBe(false)
    expect(await tabTo(page, 'Pause')).toBe(true)
  })

  it('does not lose the focus when the connection ends', async () => {
    const visitor = await playground.visit()
    await visitor.signIn()
    await visitor.connect()
    await visitor.page.getByLabel('Message', { exact: true }).focus()
    await visitor.page.locator('#connect').evaluate((button: HTMLButtonElement) => button.click())
    await visitor.page.getByText('Disconnected.').waitFor()
    expect(await visitor.page.evaluate(() => document.activeElement?.textContent)).toBe('Connect')
  })

  it('needs no horizontal scrolling on a phone, before and after everything was done', async () => {
    const visitor = await playground.visit(phone)
    expect(await visitor.page.evaluate(overflow)).toBe(0)
    await doEverything(visitor)
    expect(await visitor.page.evaluate(overflow)).toBe(0)
    const cut = await visitor.page.locator('main *, aside *').evaluateAll((elements) => {
      return elements.filter(({ clientWidth, scrollWidth }) => clientWidth > 1 && scrollWidth > clientWidth).length
    })
    expect(cut).toBe(0)
  })

  it('has buttons on a phone that a finger can hit', async () => {
    const { page } = await playground.visit(phone)
    const heights = await page.locator('button').evaluateAll((buttons) => {
      return buttons.map((button) => Math.round(button.getBoundingClientRect().height))
    })
    expect(Math.min(...heights)).toBeGreaterThanOrEqual(44)
  })

  it('can be read in light and in dark colours: every text has the contrast of WCAG 2.2 AA', async () => {
    const visitor = await playground.visit({ reducedMotion: 'reduce' })
    await expectReadable(visitor.page)
    await doEverything(visitor)
    await expectReadable(visitor.page)
  })

  it('has one first heading, no level left out, and a name for everything that can be operated', async () => {
    const visitor = await playground.visit()
    await visitor.signIn()
    await visitor.tryCheat('The same ticket twice')
    const { page } = visitor
    const levels = await page
      .locator('h1, h2, h3, h4')
      .evaluateAll((all) => all.map(({ tagName }) => Number(tagName[1])))
    expect(levels.filter((level) => level === 1)).toHaveLength(1)
    expect(levels.every((level, index) => index === 0 || level - (levels[index - 1] as number) <= 1)).toBe(true)
    expect(await page.getByRole('main').count()).toBe(1)
    const nameless = await page.locator('button, a, input, [tabindex="0"]').evaluateAll((all) => {
      return all.filter((one) => {
        const labels = (one as HTMLInputElement).labels?.length ?? 0
        return one.textContent?.trim() === '' && labels === 0 && !one.hasAttribute('aria-label')
      }).length
    })
    expect(nameless).toBe(0)
  })

  it('announces what came of a cheat in a sentence, not in a transcript', async () => {
    const visitor = await playground.visit()
    await visitor.signIn()
    const card = await visitor.tryCheat('A foreign Origin')
    expect(await card.getByRole('status').innerText()).toMatch(/^Refused\s+with 403 forbidden, as it must be\.$/)
    expect(await card.locator('.outcome').evaluate((outcome) => outcome.closest('[aria-live], [role="status"]'))).toBe(
      null,
    )
  })

  it('keeps still for those who want no motion', async () => {
    const visitor = await playground.visit({ reducedMotion: 'reduce' })
    await visitor.signIn()
    await visitor.connect()
    const motions = await visitor.page.locator('*').evaluateAll((elements) => {
      return elements.map((one) => getComputedStyle(one).animationName).filter((name) => name !== 'none')
    })
    expect(motions).toEqual([])
  })

  it('works under a policy that allows no inline script and no inline style', async () => {
    const visitor = await playground.visit()
    const policy = (await fetch(playground.url)).headers.get('content-security-policy') ?? ''
    expect(policy).not.toContain('unsafe')
    await visitor.signIn()
    await visitor.tryCheat('The same ticket twice')
    expect(await visitor.page.locator('[style], style').count()).toBe(0)
    expect(visitor.complaints.filter((complaint) => /policy/i.test(complaint))).toEqual([])
  })
})
