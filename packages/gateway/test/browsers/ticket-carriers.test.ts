import { once } from 'node:events'
import { readFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join, normalize } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest'
import { type GatewayUnderTest, startGateway } from '../gateway-under-test.ts'
import { startEcho } from '../upstreams.ts'
import { launchChromium } from './chromium.ts'

const library = fileURLToPath(new URL('../../../wsticket/dist/', import.meta.url))

const html = `<!doctype html><title>app</title>
<script type="module">import * as client from '/client/index.js'; globalThis.wsticket = client</script>`

declare const wsticket: typeof import('wsticket/client')

/** Serves a page with the client as it is published, on a port of its own: another origin than the gateway's, of the same site. */
async function startSite(): Promise<string> {
  const server = createServer(({ url = '/' }, response) => {
    const isPage = url === '/'
    void (isPage ? Promise.resolve(html) : readFile(join(library, normalize(url))).catch(() => null)).then((body) =>
      response
        .writeHead(body === null ? 404 : 200, { 'Content-Type': isPage ? 'text/html' : 'text/javascript' })
        .end(body ?? ''),
    )
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  onTestFinished(() => {
    server.closeAllConnections()
    server.close()
  })
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
}

let browser: Browser
beforeAll(async () => {
  browser = await launchChromium()
})
afterAll(() => browser?.close())

/** A page of the application, and the gateway that it talks to. */
async function open(...flags: readonly string[]): Promise<{ page: Page; gateway: GatewayUnderTest }> {
  const site = await startSite()
  const gateway = await startGateway((await startEcho()).url, [`--origin=${site}`, ...flags])
  const context = await browser.newContext()
  onTestFinished(() => context.close())
  const page = await context.newPage()
  await page.goto(site)
  return { page, gateway }
}

/** What a page does with the published client: says hello, and resolves with what comes of it. */
function greet({ url, ticketUrl, name }: { url: string; ticketUrl: string; name: string }): Promise<unknown> {
  const credential = () => encodeURIComponent(JSON.stringify(name))
  const socket = new (wsticket.createTicketWebSocket({ ticketUrl, credential, carrier: 'message' }))(url)
  socket.onopen = () => socket.send('hello')
  return new Promise((resolve) => {
    socket.onmessage = ({ data }) => resolve({ data, url: socket.url, protocol: socket.protocol })
    socket.onclose = ({ code, reason }) => resolve({ code, reason })
  })
}

describe('tickets in the first message, in Chromium', () => {
  it('open a session, ahead of what the application sends', async () => {
    const { page, gateway } = await open('--carrier=message')
    const url = `ws://127.0.0.1:${gateway.port}/ws`
    const greeted = await page.evaluate(greet, { url, ticketUrl: `${gateway.url}/tickets`, name: 'alice' })
    expect(greeted).toEqual({ data: 'hello', url, protocol: '' })
    expect(await gateway.event('admitted')).toMatchObject({ carrier: 'message', origin: new URL(page.url()).origin })
  })

  it('tell the page why they were refused, by a close code that it can see', async () => {
    const { page, gateway } = await open('--carrier=message')
    const refused = await page.evaluate(
      (url) =>
        new Promise((resolve) => {
          const socket = new WebSocket(url)
          socket.onopen = () => socket.send(JSON.stringify({ type: 'ticket', ticket: `wst_${'A'.repeat(43)}` }))
          socket.onclose = ({ code, reason, wasClean }) => resolve({ code, reason, wasClean })
        }),
      `ws://127.0.0.1:${gateway.port}/ws`,
    )
    expect(refused).toEqual({ code: 4401, reason: 'invalid_ticket', wasClean: true })
  })
})

/** What a page does that wants its ticket in a cookie: resolves with what the socket says. */
async function openWithCookie({ url, ticketUrl, keyed }: { url: string; ticketUrl: string; keyed: boolean }) {
  const { lock, key } = await wsticket.createLock()
  const headers = { Authorization: `Bearer ${encodeURIComponent('"alice"')}`, 'Content-Type': 'application/json' }
  const body = JSON.stringify({ carrier: 'cookie', lock })
  const response = await fetch(ticketUrl, { method: 'POST', headers, body, credentials: 'include' })
  const seen = { status: response.status, body: await response.text(), cookie: document.cookie }
  const socket = new WebSocket(url, keyed ? ['wsticket.v1', key] : ['wsticket.v1'])
  const outcome = await new Promise((resolve) => {
    socket.onopen = () => socket.send('hello')
    socket.onmessage = ({ data }) => resolve(data)
    socket.onclose = ({ code }) => resolve(code)
  })
  socket.close()
  return { ...seen, outcome }
}

describe('tickets in a cookie, in Chromium', () => {
  it('open a session, are in no reach of scripts, and are gone once they are spent', async () => {
    const { page, gateway } = await open('--carrier=cookie')
    const addresses = { url: `ws://127.0.0.1:${gateway.port}/ws`, ticketUrl: `${gateway.url}/tickets` }
    const opened = await page.evaluate(openWithCookie, { ...addresses, keyed: true })
    expect(opened).toMatchObject({ status: 201, cookie: '', outcome: 'hello' })
    expect(opened.body).not.toContain('wst_')
    expect(await gateway.event('admitted')).toMatchObject({ carrier: 'cookie' })
    // The 101 has cleared it.
    expect(await page.context().cookies()).toEqual([])
  })

  it('are set as a cookie that no other host sees, and open nothing without their key', async () => {
    const { page, gateway } = await open('--carrier=cookie')
    const addresses = { url: `ws://127.0.0.1:${gateway.port}/ws`, ticketUrl: `${gateway.url}/tickets` }
    expect(await page.evaluate(openWithCookie, { ...addresses, keyed: false })).toMatchObject({ outcome: 1006 })
    expect(await gateway.event('refused')).toMatchObject({ code: 'lock_mismatch', carrier: 'cookie' })
    // Nothing but a 101 clears it: it is spent, and its seconds are few.
    expect(await page.context().cookies()).toMatchObject([
      { name: '__Host-wsticket', domain: '127.0.0.1', path: '/', secure: true, httpOnly: true, sameSite: 'Strict' },
    ])
  })
})
