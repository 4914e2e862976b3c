import { describe, expect, it } from 'vitest'
import { createLock } from 'wsticket/client'
import { sendHandshake } from './clients.ts'
import { type GatewayUnderTest, origin, startGateway } from './gateway-under-test.ts'
import { startRawUpstream, switchingProtocols } from './upstreams.ts'

const flags = ['--carrier=subprotocol', '--carrier=cookie']
const clearing = 'Set-Cookie: __Host-wsticket=; Secure; HttpOnly; SameSite=Strict; Path=/; Max-Age=0'

/** An upstream that agrees, with further lines in its answer, and hangs up. */
function startUpstream(...lines: string[]) {
  return startRawUpstream((socket, key) => socket.end(switchingProtocols(key, ...lines)))
}

/** Asks for a ticket in a cookie, as a page of this origin does. */
function ask(gateway: GatewayUnderTest, members: object = {}, headers: Record<string, string> = { origin }) {
  return fetch(`${gateway.url}/tickets`, {
    method: 'POST',
    headers: { authorization: 'Bearer %22alice%22', 'content-type': 'application/json', ...headers },
    body: JSON.stringify({ carrier: 'cookie', ...members }),
  })
}

/** The cookie that a page was given, as its browser sends it back. */
async function cookieOf(response: Promise<Response>): Promise<string> {
  return (await response).headers.getSetCookie()[0]?.split(';')[0] ?? ''
}

describe('a gateway with the carrier cookie', () => {
  it('hands tickets out in a cookie, to the pages that ask for it, and lets those of another origin keep it', async () => {
    const gateway = await startGateway('ws://127.0.0.1:9', flags)
    const response = await ask(gateway)
    expect(response.status).toBe(201)
    expect(response.headers.get('access-control-allow-origin')).toBe(origin)
    expect(response.headers.get('access-control-allow-credentials')).toBe('true')
    expect(await response.json()).not.toHaveProperty('ticket')
    expect(/^__Host-wsticket=wst_[^;]{43}; Secure; HttpOnly;/.test(response.headers.getSetCookie()[0] ?? '')).toBe(true)
    expect((await ask(gateway, {}, {})).status).toBe(403)
    expect((await ask(gateway, {}, { origin: 'https://evil.example' })).status).toBe(403)
    expect(await gateway.ticket()).toHaveLength(47)
  })

  it('shows the upstream the other cookies, and clears its own on the 101', async () => {
    const upstream = await startUpstream()
    const gateway = await startGateway(upstream.url, flags)
    const cookie = await cookieOf(ask(gateway))
    const lines = [`Cookie: a=%41;  b="c d"; ${cookie}; e`, 'Cookie: f=1']
    const answer = await sendHandshake(gateway, 'app.v1', { lines }).all()
    expect(answer).toMatch(/^HTTP\/1\.1 101 /)
    expect(answer.split('\r\n')).toContain(clearing)
    const seen = upstream.heads[0]?.split('\r\n').filter((line) => /^cookie:/i.test(line))
    expect(seen).toEqual(['Cookie: a=%41;  b="c d"; e', 'Cookie: f=1'])
    expect(upstream.heads[0]?.includes('wst_')).toBe(false)
    expect(gateway.events).toMatchObject([{ type: 'ticket_issued' }, { type: 'admitted', carrier: 'cookie' }])
  })

  it('clears its cookie after whatever the upstream sets', async () => {
    const upstream = await startUpstream('Set-Cookie: a=1', 'Set-Cookie: __Host-wsticket=theirs; Secure; Path=/')
    const gateway = await startGateway(upstream.url, flags)
    const lines = [`Cookie: ${await cookieOf(ask(gateway))}`]
    const answer = await sendHandshake(gateway, 'app.v1', { lines }).all()
    const set = answer.split('\r\n').filter((line) => line.startsWith('Set-Cookie'))
    expect(set).toEqual(['Set-Cookie: a=1', 'Set-Cookie: __Host-wsticket=theirs; Secure; Path=/', clearing])
  })

  it('sets no cookie where the ticket came by another carrier', async () => {
    const gateway = await startGateway((await startUpstream()).url, flags)
    const answer = await sendHandshake(gateway, await gateway.ticket()).all()
    expect(answer).toMatch(/^HTTP\/1\.1 101 /)
    expect(answer).not.toContain('Set-Cookie')
  })

  it('opens a locked ticket with the key among the subprotocols, and shows the upstream neither', async () => {
    const upstream = await startUpstream()
    const gateway = await startGateway(upstream.url, [...flags, '--lock-policy=required'])
    const { lock, key } = await createLock()
    const lines = [`Cookie: ${await cookieOf(ask(gateway, { lock }))}`]
    const answer = await sendHandshake(gateway, key, { lines }).all()
    expect(answer).toMatch(/^HTTP\/1\.1 101 /)
    for (const text of [...upstream.heads, answer, JSON.stringify(gateway.events)]) {
      expect(/ws[tk]_/.test(text)).toBe(false)
    }
  })

  it('refuses a cookie beside another ticket, twice, or of a foreign page, and the upstream hears of none', async () => {
    const upstream = await startUpstream()
    const gateway = await startGateway(upstream.url, flags)
    const cookie = await cookieOf(ask(gateway))
    const other = await gateway.ticket()
    const answers = await Promise.all(
      [
        sendHandshake(gateway, other, { lines: [`Cookie: ${cookie}`] }),
        sendHandshake(gateway, 'app.v1', { lines: [`Cookie: ${cookie}; ${cookie}`] }),
        sendHandshake(gateway, 'app.v1', { lines: [`Cookie: ${cookie}`], origin: 'https://evil.example' }),
      ].map((client) => client.all()),
    )
    expect(answers.map((answer) => answer.slice(9, 12))).toEqual(['400', '400', '403'])
    expect(upstream.heads).toEqual([])
    expect(await sendHandshake(gateway, 'app.v1', { lines: [`Cookie: ${cookie}`] }).all()).toMatch(/^HTTP\/1\.1 101 /)
  })
})

describe('a gateway without the carrier cookie', () => {
  it('hands out none, and looks for none', async () => {
    const gateway = await startGateway('ws://127.0.0.1:9')
    const response = await ask(gateway)
    expect(response.status).toBe(400)
    expect(response.headers.getSetCookie()).toEqual([])
    expect(response.headers.get('access-control-allow-credentials')).toBeNull()
    const lines = [`Cookie: __Host-wsticket=${await gateway.ticket()}`]
    expect(await sendHandshake(gateway, 'app.v1', { lines }).all()).toMatch(/^HTTP\/1\.1 401 /)
    expect(gateway.events.at(-1)).toMatchObject({ type: 'refused', code: 'ticket_missing' })
  })
})
