import { once } from 'node:events'
import { readFile } from 'node:fs/promises'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { fileURLToPath } from 'node:url'
import type { Browser, Page, Route } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest'
import { type GatewayUnderTest, startGateway } from '../gateway-under-test.ts'
import { launchChromium } from './chromium.ts'

const library = new URL('../../../wsticket/dist/', import.meta.url)
const html = `<!doctype html><title>app</title>
<script type="module">import * as client from '/library/client/index.js'; globalThis.wsticket = client</script>`

declare const wsticket: typeof import('wsticket/client')

let browser: Browser
beforeAll(async () => {
  browser = await launchChromium()
})
afterAll(() => browser?.close())

interface Upstream {
  readonly url: string
  readonly requests: IncomingMessage[]
  readonly responses: ServerResponse[]
}

/** Sends one event to each client. Is also the site of a page, of another origin than the gateway's. */
async function startUpstream(): Promise<Upstream> {
  const [requests, responses]: [IncomingMessage[], ServerResponse[]] = [[], []]
  const server = createServer((request, response) => {
    if (!request.url?.startsWith('/ws')) return void answerFile(request.url ?? '', response)
    requests.push(request)
    responses.push(response)
    response.writeHead(200, { 'Content-Type': 'text/event-stream' })
    response.write(`id: ${requests.length}\u00e9\nevent: price\ndata: ${requests.length}\n\n`)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  onTestFinished(() => {
    server.closeAllConnections()
    server.close()
  })
  return { url: `ws://127.0.0.1:${(server.address() as AddressInfo).port}`, requests, responses }
}

async function answerFile(path: string, response: ServerResponse): Promise<void> {
  const [, file] = path.split('/library/')
  response.setHeader('Content-Type', file === undefined ? 'text/html' : 'text/javascript')
  response.end(file === undefined ? html : await readFile(fileURLToPath(new URL(file, library))))
}

/** A page that has the client as it is published, and follows the gateway's stream. */
async function openPage(gateway: GatewayUnderTest, site: string): Promise<Page> {
  const context = await browser.newContext()
  onTestFinished(() => context.close())
  const page = await context.newPage()
  await page.exposeFunction('mint', () => gateway.ticket())
  if (site === gateway.url) await page.route(/\/(?:page|library\/.*)$/, (route) => fulfil(route))
  await page.goto(`${site}/page`)
  await page.evaluate(follow, gateway.url)
  return page
}

/** The gateway serves no pages: this one is put there. */
async function fulfil(route: Route): Promise<void> {
  const [, file] = route.request().url().split('/library/')
  if (file === undefined) return route.fulfill({ contentType: 'text/html', body: html })
  return route.fulfill({ contentType: 'text/javascript', body: await readFile(fileURLToPath(new URL(file, library))) })
}

/** What a page does: keeps what it hears. */
function follow(gatewayUrl: string): void {
  const { mint } = globalThis as unknown as { mint: () => Promise<string> }
  const delayMs = () => 50
  // The gateway issues no tickets to its own origin, which is not in its list.
  const TicketEventSource = wsticket.createTicketEventSource(
    location.origin === gatewayUrl
      ? { ticketSource: mint, delayMs }
      : { ticketUrl: `${gatewayUrl}/tickets`, credential: () => '%22alice%22', delayMs },
  )
  const source = new TicketEventSource(`${gatewayUrl}/ws?room=1`)
  const told: unknown[] = []
  source.onopen = () => told.push('open')
  source.onerror = (event) => told.push((event as { reason?: string }).reason ?? 'error')
  source.addEventListener('price', ({ data, lastEventId, origin }) => told.push([data, lastEventId, origin]))
  Object.assign(globalThis, { told, source })
}

const toldBy = (page: Page) => page.evaluate(() => (globalThis as unknown as { told: unknown[] }).told)
describe('an event stream, in Chromium', () => {
  it.each([
    ['of another origin', true],
    ['of the same origin', false],
  ])('comes back with a ticket for each connection, and stops where it is told to: a page %s', async (_, isOther) => {
    const upstream = await startUpstream()
    const site = upstream.url.replace('ws', 'http')
    const gateway = await startGateway(upstream.url, ['--event-streams=on', '--carrier=query', `--origin=${site}`])
    const page = await openPage(gateway, isOther ? site : gateway.url)
    await expect.poll(() => toldBy(page)).toEqual(['open', ['1', '1\u00e9', gateway.url]])
    upstream.responses[0]?.end()
    await expect.poll(() => upstream.requests.length).toBe(2)
    await expect.poll(() => toldBy(page)).toHaveLength(5)
    expect(upstream.requests.map(({ url }) => url)).toEqual(['/ws?room=1', '/ws?room=1'])
    expect(Buffer.from(String(upstream.requests[1]?.headers['last-event-id']), 'latin1').toString()).toBe('1\u00e9')
    const admitted = gateway.events.filter(({ type }) => type === 'admitted')
    const origin = isOther ? site : null
    expect(admitted).toMatchObject([
      { carrier: 'query', origin },
      { carrier: 'query', origin },
    ])
    const [, second] = admitted.map((event) => (event as { ticketId?: string }).ticketId)
    const headers = { authorization: 'Bearer %22alice%22' }
    await fetch(`${gateway.url}/tickets/${second}`, { method: 'DELETE', headers })
    await expect.poll(() => toldBy(page)).toHaveLength(6)
    expect((await toldBy(page)).slice(2)).toEqual(['error', 'open', ['2', '2\u00e9', gateway.url], 'session_revoked'])
    expect(await page.evaluate(() => (globalThis as unknown as { source: EventSource }).source.readyState)).toBe(2)
  })
})
