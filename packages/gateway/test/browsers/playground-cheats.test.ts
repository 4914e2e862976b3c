import { describe, expect, it } from 'vitest'
import { refusedTicketRequest, usePlayground } from './playground.ts'
import type { Visitor } from './visitor.ts'

const playground = usePlayground()

const invalidTicket = { status: '401 Unauthorized', wire: 'invalid_ticket' }
const handshakes = [
  { title: 'The same ticket twice', ...invalidTicket, audit: 'ticket_spent' },
  { title: 'A stolen ticket without its key', ...invalidTicket, audit: 'lock_mismatch' },
  { title: 'An expired ticket', ...invalidTicket, audit: 'ticket_expired' },
  { title: 'A ticket for another service', ...invalidTicket, audit: 'audience_mismatch' },
  { title: 'A foreign Origin', status: '403 Forbidden', wire: 'forbidden', audit: 'origin_forbidden' },
  { title: 'Another address', ...invalidTicket, audit: 'address_mismatch' },
]
const forgery = {
  title: 'A forged token',
  status: '401 Unauthorized',
  wire: 'invalid_token',
  audit: 'credential_invalid',
}
type Cheat = typeof forgery
const all: readonly Cheat[] = [...handshakes, forgery]

let visitors = 0

/** Each has tickets of its own: nobody is issued so many in so short a time. */
async function visitSignedIn(): Promise<Visitor> {
  visitors += 1
  const visitor = await playground.visit({ path: `/?name=visitor-${visitors}` })
  await visitor.signIn()
  return visitor
}

/** Tries a cheat, and returns what was received for it. */
async function expectRefused({ page, tryCheat }: Visitor, { title, status, wire, audit }: Cheat): Promise<string> {
  const card = await tryCheat(title)
  const code = status.slice(0, 3)
  expect(await card.locator('.verdict').innerText(), title).toMatch(/^Refused\s+with \d+ \w+, as it must be\.$/)
  expect(await card.locator('.verdict').innerText(), title).toContain(`${code} ${wire}`)
  expect(await card.locator('.cheat-expected').innerText(), title).toContain(`${code} ${wire}`)
  const received = await card.locator('.wire').last().innerText()
  expect(received, title).toContain(`HTTP/1.1 ${status}`)
  expect(received, title).toContain(`"code":"${wire}"`)
  const [, knows, says] = await card.locator('.why dd').allInnerTexts()
  expect(knows?.startsWith(audit), title).toBe(true)
  expect(says?.startsWith(wire), title).toBe(true)
  const event = page.locator('.event', { hasText: audit }).first()
  await event.waitFor()
  expect(await event.getAttribute('data-type'), title).toBe(title === forgery.title ? 'issue_refused' : 'refused')
  return received
}

/** Has the gateway be asked something else than what the page asked, as a gateway with a hole in it would answer. */
async function attemptInstead(visitor: Visitor, change: (body: Record<string, string>) => object): Promise<void> {
  await visitor.page.route('**/dev/attempt', async (route) => {
    const body = route.request().postDataJSON() as Record<string, string>
    await route.continue({ postData: JSON.stringify(change(body)) })
  })
}

/** Runs in the tab: remembers every time that a timer shows, in seconds. */
function watchTimer(): void {
  const timesShown: number[] = []
  Object.assign(globalThis, { timesShown })
  new MutationObserver(() => {
    const shown = document.querySelector('[role="timer"] span')?.textContent
    if (shown) timesShown.push(Number.parseFloat(shown))
  }).observe(document, { subtree: true, childList: true, characterData: true })
}

describe('a cheat', () => {
  it('has a button each, and there are seven', async () => {
    const { page } = await visitSignedIn()
    const titles = await page.getByRole('article').getByRole('heading', { level: 3 }).allInnerTexts()
    expect(titles).toEqual(all.map(({ title }) => title))
    expect(await page.getByRole('article').getByRole('button').count()).toBe(all.length)
  })

  it('is refused as it must be, and the audit says why; what is wrong with a ticket changes no byte of the answer', async () => {
    const visitor = await visitSignedIn()
    playground.tolerate(refusedTicketRequest)
    const answersToTickets = new Set<string>()
    for (const cheat of all) {
      const received = await expectRefused(visitor, cheat)
      if (cheat.wire === invalidTicket.wire) answersToTickets.add(received)
    }
    expect(answersToTickets.size).toBe(1)
  })

  it('keeps the reason of the audit off the wire', async () => {
    const visitor = await visitSignedIn()
    const card = await visitor.tryCheat('The same ticket twice')
    const wire = (await card.locator('.wire').allInnerTexts()).join('\n')
    expect(wire).not.toContain('ticket_spent')
    expect(wire).toMatch(/wsticket\.v1, wst_[\w-]{4}…/)
  })

  it('shows both uses of a ticket that is used twice', async () => {
    const visitor = await visitSignedIn()
    const card = await visitor.tryCheat('The same ticket twice')
    const stages = card.locator('.stage')
    expect(await stages.locator('.badge').allInnerTexts()).toEqual(['Admitted', 'Refused'])
    expect(await stages.first().innerText()).toContain('101 Switching Protocols')
    const [first, second] = await stages.locator('.wire:first-child').allInnerTexts()
    const ticketOf = (text = '') => /wst_[\w-]{4}/.exec(text)?.[0]
    expect(ticketOf(first)).toBeDefined()
    expect(ticketOf(first) === ticketOf(second)).toBe(true)
  })

  it('counts down while a ticket expires', async () => {
    const visitor = await visitSignedIn()
    const card = visitor.cheat('An expired ticket')
    await visitor.page.evaluate(watchTimer)
    await card.getByRole('button').click()
    const timer = card.getByRole('timer')
    await card.locator('.verdict .badge').waitFor()
    const shown = await visitor.page.evaluate(() => (globalThis as { timesShown?: number[] }).timesShown ?? [])
    expect(shown.length).toBeGreaterThan(1)
    expect(shown).toEqual(shown.toSorted((one, other) => other - one))
    expect(shown.at(-1)).toBeLessThan(shown[0] as number)
    expect(await timer.count()).toBe(0)
  })

  it('sends the Origin and shows the address that it pretends', async () => {
    const visitor = await visitSignedIn()
    const card = await visitor.tryCheat('A foreign Origin')
    expect((await card.locator('.is-decisive').innerText()).trim()).toBe('Origin: https://evil.example')
    const other = await visitor.tryCheat('Another address')
    expect(await other.locator('.preparation').innerText()).toContain('from 127.9.9.9')
    await visitor.page.locator('.event[data-type="refused"]', { hasText: '127.9.9.9' }).first().waitFor()
  })

  it('can be tried again', async () => {
    const visitor = await visitSignedIn()
    const card = await visitor.tryCheat('A foreign Origin')
    const first = await card.locator('.preparation').innerText()
    await card.getByRole('button').click()
    await expect.poll(async () => (await card.locator('.preparation').innerText()) === first).toBe(false)
    expect(await card.locator('.outcome details').count()).toBe(1)
  })

  it('raises the alarm where it is admitted', async () => {
    const visitor = await visitSignedIn()
    await attemptInstead(visitor, ({ ticket }) => ({ ticket }))
    const card = await visitor.tryCheat('A foreign Origin')
    expect(await card.locator('.verdict').innerText()).toMatch(/^Admitted\s+with 101. This must never happen/)
    expect(await card.locator('.verdict .badge').getAttribute('data-verdict')).toBe('admitted')
  })

  it('is not taken for refused where the answer is not the expected one', async () => {
    const visitor = await visitSignedIn()
    await attemptInstead(visitor, ({ ticket }) => ({ ticket: ticket?.slice(0, 20) }))
    const card = await visitor.tryCheat('A foreign Origin')
    expect(await card.locator('.verdict').innerText()).toMatch(/^Unclear\s+The answer was 401 invalid_ticket/)
  })

  it('says so where it could not be tried', async () => {
    const visitor = await visitSignedIn()
    await attemptInstead(visitor, ({ ticket }) => ({ ticket, fromAddress: '192.0.2.1' }))
    playground.tolerate(/400 .*\/dev\/attempt$/)
    const card = visitor.cheat('Another address')
    await card.getByRole('button').click()
    await card.getByText('The attempt could not be made').waitFor()
    expect(await card.locator('.badge').count()).toBe(0)
  })
})
