import { describe, expect, it } from 'vitest'
import { refusedTicketRequest, usePlayground } from './playground.ts'
import type { Visitor } from './visitor.ts'

const playground = usePlayground()

const messagesOf = ({ page }: Visitor) => page.getByRole('log', { name: 'Messages' }).locator('li')

/** Signs in with a token that is over after a second, and waits until it is. */
async function signInForAMoment({ page }: Visitor): Promise<void> {
  await page.route('**/dev/token', (route) => {
    return route.continue({ postData: JSON.stringify({ subject: 'alice', expires_in: 1 }) })
  })
  await page.getByRole('button', { name: 'Sign in' }).click()
  await page.getByText('expired: sign in again').waitFor()
  await page.unroute('**/dev/token')
}

describe('the playground', () => {
  it('warns that it is for development only', async () => {
    const { page } = await playground.visit()
    const warning = page.getByRole('complementary', { name: 'Warning' })
    expect(await warning.textContent()).toContain('Development only')
  })

  it('lets nobody connect or cheat who has not signed in', async () => {
    const { page } = await playground.visit()
    const locked = page.locator('#connect, .cheat > button, #say button')
    expect(await locked.count()).toBe(9)
    expect(await locked.evaluateAll((buttons) => buttons.every((button) => button.matches(':disabled')))).toBe(true)
  })

  it('signs in, and shows what the token claims', async () => {
    const visitor = await playground.visit()
    await visitor.signIn()
    const card = visitor.page.locator('.token-card')
    const claims = await card.locator('dl').innerText()
    expect(claims).toContain(`${playground.url}/dev`)
    expect(claims).toContain('alice')
    expect(claims).toMatch(/exp ends at\s+\d\d:\d\d:\d\d in [45]:\d\d/)
    expect(await card.locator('.token-text').innerText()).toMatch(/eyJ\w{3}…\.eyJ\w{3}…\.•{8}$/)
    await expect.poll(() => visitor.secretsSeen()).toBe(1)
  })

  it('says why it could not sign in', async () => {
    const visitor = await playground.visit()
    await visitor.page.route('**/dev/token', (route) => {
      return route.fulfill({ status: 503, contentType: 'application/problem+json', body: '{"code":"try_later"}' })
    })
    playground.tolerate(/503 .*\/dev\/token$/)
    await visitor.page.getByRole('button', { name: 'Sign in' }).click()
    await visitor.page.getByText('The identity provider answered 503 try_later.').waitFor()
    expect(await visitor.page.locator('#connect').isDisabled()).toBe(true)
  })

  it('connects, and shows each message on the way with the ticket masked', async () => {
    const visitor = await playground.visit()
    const opened = visitor.page.waitForEvent('websocket')
    await visitor.signIn()
    await visitor.connect()
    const messages = visitor.page.locator('.message')
    const states = await messages.evaluateAll((items) => items.map((item) => (item as HTMLElement).dataset.state))
    expect(states).toEqual(['done', 'done', 'done', 'done'])
    const [asked, answered, presented, open] = await messages.allInnerTexts()
    expect(asked).toMatch(/POST \/tickets\nAuthorization: Bearer eyJ\w{5}…\n\{"lock":"[\w-]{8}…"\}/)
    expect(answered).toMatch(/201 Created\n\{"ticket":"wst_[\w-]{4}…","expires_in":\d+,…\}/)
    expect(presented).toMatch(/Sec-WebSocket-Protocol: wsticket\.v1, wst_[\w-]{4}…, wsk_…/)
    expect(open).toContain('101 Switching Protocols')
    expect((await opened).url()).toBe(`${playground.url.replace('http', 'ws')}/ws`)
    await expect.poll(() => visitor.secretsSeen()).toBe(2)
  })

  it('shows the ticket as a stub that is stamped once it is spent', async () => {
    const visitor = await playground.visit()
    await visitor.signIn()
    await visitor.connect()
    const stub = visitor.page.locator('.stub')
    expect(await stub.getAttribute('data-state')).toBe('spent')
    expect(await stub.innerText()).toMatch(/wst_[\w-]{4}…[\s\S]*alice[\s\S]*Spent/)
    expect((await stub.locator('code[title]').getAttribute('title'))?.length).toBe(43)
  })

  it('shows the ticket to the code on the page neither in url nor in protocol', async () => {
    const visitor = await playground.visit()
    await visitor.signIn()
    await visitor.connect()
    const shown = await visitor.page.locator('.code-sees pre').innerText()
    expect(shown.trim()).toBe(`socket.url = '${playground.url.replace('http', 'ws')}/ws'\nsocket.protocol = ''`)
  })

  it('disconnects, and takes a new ticket for the next connection', async () => {
    const visitor = await playground.visit()
    await visitor.signIn()
    await visitor.connect()
    const first = await visitor.page.locator('.stub code[title]').getAttribute('title')
    await visitor.page.getByRole('button', { name: 'Disconnect' }).click()
    await visitor.page.getByText('Disconnected.').waitFor()
    expect(await visitor.page.getByLabel('Message', { exact: true }).isDisabled()).toBe(true)
    await visitor.connect()
    expect((await visitor.page.locator('.stub code[title]').getAttribute('title')) === first).toBe(false)
  })

  it('says why there is no ticket for a token that has expired', async () => {
    const visitor = await playground.visit()
    playground.tolerate(refusedTicketRequest)
    await signInForAMoment(visitor)
    await visitor.page.getByRole('button', { name: 'Connect' }).click()
    const alert = visitor.page.getByRole('alert')
    await alert.waitFor()
    expect(await alert.innerText()).toMatch(/401, invalid_token.*Your token has expired: sign in again\.$/)
    expect(await visitor.page.locator('#connection-state').innerText()).toBe('Closed with 4401 invalid_token.')
    const answer = visitor.page.locator('.message').nth(1)
    expect(await answer.getAttribute('data-state')).toBe('failed')
    expect(await answer.innerText()).toContain('"code":"invalid_token"')
    await visitor.signIn()
    await visitor.connect()
    expect(await alert.count()).toBe(0)
  })

  it('shows a handshake that is refused, of which a browser is not told why', async () => {
    const visitor = await playground.visit()
    const unknown = { ticket: `wst_${'A'.repeat(43)}`, id: 'B'.repeat(43), expires_in: 30, session_expires_in: null }
    await visitor.page.route('**/tickets', (route) => route.fulfill({ status: 201, json: unknown }))
    playground.tolerate(/^WebSocket connection to .* failed/)
    // The client asks what became of its ticket, of which nobody knows.
    playground.tolerate(/^Failed to load resource: .* 404 \(Not Found\) \/tickets\/B{43}$/)
    await visitor.signIn()
    await visitor.page.getByRole('button', { name: 'Connect' }).click()
    await visitor.page.getByText('A browser is not told why: the audit is.').waitFor()
    expect(await visitor.page.locator('.message').last().getAttribute('data-state')).toBe('failed')
    await visitor.page.locator('.event', { hasText: 'ticket_unknown' }).first().waitFor()
  })
})

describe('the chat', () => {
  it('carries messages between two tabs, both ways', async () => {
    const [alice, bob] = [await playground.visit(), await playground.visit({ path: '/?name=bob' })]
    for (const visitor of [alice, bob]) {
      await visitor.signIn()
      await visitor.connect()
    }
    await alice.say('Hello, is anyone there?')
    await bob.page.getByText('Hello, is anyone there?').waitFor()
    await bob.say('I am.')
    await alice.page.getByText('I am.').waitFor()
    const heard = messagesOf(alice).filter({ hasText: 'I am.' })
    expect(await heard.locator('strong').innerText()).toBe('bob')
    expect(await heard.locator('.said-issuer').innerText()).toBe(`${playground.url}/dev`)
    expect(await messagesOf(alice).filter({ hasText: 'Hello' }).getAttribute('class')).toContain('is-mine')
    expect(await messagesOf(bob).filter({ hasText: 'Hello' }).getAttribute('class')).not.toContain('is-mine')
  })

  it('says who is there, who comes and who goes', async () => {
    const alice = await playground.visit()
    await alice.signIn()
    await alice.connect()
    const present = alice.page.locator('#present')
    await expect.poll(() => present.innerText()).toBe('alice (you)')
    const bob = await playground.visit({ path: '/?name=bob' })
    await bob.signIn()
    await bob.connect()
    await expect.poll(() => present.innerText()).toBe('alice (you), bob')
    await expect.poll(() => bob.page.locator('#present').innerText()).toBe('bob (you), alice')
    await bob.page.getByRole('button', { name: 'Disconnect' }).click()
    await messagesOf(alice).filter({ hasText: 'bob left.' }).waitFor()
    await expect.poll(() => present.innerText()).toBe('alice (you)')
  })

  it('offers a second tab under another name', async () => {
    const alice = await playground.visit()
    const opening = alice.page.context().waitForEvent('page')
    await alice.page.getByRole('link', { name: /second tab/ }).click()
    const tab = await opening
    await tab.waitForLoadState()
    await expect.poll(() => tab.getByLabel('Name').inputValue()).toBe('bob')
  })

  it('never takes a name or a message for markup', async () => {
    const visitor = await playground.visit()
    const name = '<img src=x onerror=1>'
    await visitor.page.getByLabel('Name').fill(name)
    await visitor.signIn()
    await visitor.connect()
    await visitor.say('<b>bold</b>')
    await messagesOf(visitor).filter({ hasText: '<b>bold</b>' }).waitFor()
    await visitor.page.locator('.event', { hasText: name }).first().waitFor()
    expect(await visitor.page.locator('.messages b, .layout img').count()).toBe(0)
  })
})
