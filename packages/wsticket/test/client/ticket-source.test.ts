import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import {
  createTicketSource,
  type PresentedTicket,
  TicketRequestError,
  type TicketSourceOptions,
} from '../../src/client/index.ts'
import { type Key, lockOfKey } from '../../src/lock.ts'
import { issueRefusalAnswer } from '../../src/problem.ts'
import { type IssueRefusalCode, issueRefusals } from '../../src/refusals.ts'
import { generateTicket } from '../../src/ticket.ts'
import { textsOf } from './texts.ts'
import { answerJson, TicketServer } from './ticket-server.ts'

const credential = 'eyJ.secret.credential'
let server: TicketServer

beforeEach(async () => {
  server = await TicketServer.start()
})

afterEach(() => server.stop())

function ask(
  options: Partial<TicketSourceOptions> = {},
  signal = new AbortController().signal,
): Promise<PresentedTicket> {
  const source = createTicketSource({ ticketUrl: server.ticketUrl, credential: () => credential, ...options })
  return source({ signal, url: server.socketUrl })
}

async function failure(request: Promise<unknown>): Promise<TicketRequestError> {
  const error: unknown = await request.then(
    () => new Error('there was a ticket'),
    (reason) => reason,
  )
  expect(error).toBeInstanceOf(TicketRequestError)
  return error as TicketRequestError
}

describe('A ticket source', () => {
  it('posts the credential and a lock, and returns the ticket with the key', async () => {
    const { ticket, key } = await ask()
    expect(server.issued.has(ticket)).toBe(true)
    expect(server.requests).toHaveLength(1)
    expect(server.requests[0]).toMatchObject({ method: 'POST' })
    expect(server.requests[0]?.headers).toMatchObject({
      authorization: `Bearer ${credential}`,
      'content-type': 'application/json',
    })
    expect(JSON.parse(server.requests[0]?.body ?? '')).toEqual({ lock: lockOfKey(key as Key) })
  })

  it('never sends a key, and makes another for each ticket', async () => {
    const keys = [await ask(), await ask({ audience: 'chat' })].map(({ key }) => key)
    expect(keys.every((key) => /^wsk_[\w-]{43}$/.test(key ?? ''))).toBe(true)
    expect(new Set(keys).size).toBe(2)
    const sent = JSON.stringify(server.requests)
    expect(keys.some((key) => sent.includes(String(key).slice(4)))).toBe(false)
  })

  it('sends no lock and returns no key where it is told not to', async () => {
    const { ticket, key } = await ask({ lock: 'off' })
    expect(server.issued.has(ticket)).toBe(true)
    expect(key).toBeNull()
    expect(server.requests[0]).toMatchObject({ method: 'POST', body: '' })
    expect(server.requests[0]?.headers).not.toHaveProperty('content-type')
  })

  it('sends the audience as JSON, if there is one', async () => {
    await ask({ audience: 'chat' })
    expect(JSON.parse(server.requests[0]?.body ?? '')).toEqual({ audience: 'chat', lock: expect.any(String) })
    await ask({ audience: 'chat', lock: 'off' })
    expect(server.requests[1]?.headers).toMatchObject({ 'content-type': 'application/json' })
    expect(JSON.parse(server.requests[1]?.body ?? '')).toEqual({ audience: 'chat' })
  })

  it('asks for the credential anew each time, and waits for it', async () => {
    let count = 0
    const source = createTicketSource({ ticketUrl: server.ticketUrl, credential: async () => `credential-${++count}` })
    const { signal } = new AbortController()
    const tickets = [await source({ signal, url: '' }), await source({ signal, url: '' })].map(({ ticket }) => ticket)
    expect(new Set(tickets).size).toBe(2)
    expect(server.requests.map(({ headers }) => headers.authorization)).toEqual([
      'Bearer credential-1',
      'Bearer credential-2',
    ])
  })

  it('tells fetch to cache nothing', async () => {
    const seen: (RequestInit | undefined)[] = []
    await ask({
      fetch: (input, init) => {
        seen.push(init)
        return fetch(input, init)
      },
    })
    expect(seen).toMatchObject([{ cache: 'no-store', redirect: 'manual' }])
  })

  it('finds a relative ticket endpoint from the page', async () => {
    vi.stubGlobal('location', new URL(`http://${server.host}/app/page`))
    const { ticket } = await ask({ ticketUrl: '/tickets' })
    expect(server.issued.has(ticket)).toBe(true)
  })

  it.each([
    ['/api/tickets', '/api/tickets/id', '/api/sessions/id/renew'],
    ['/api/tickets/', '/api/tickets/id', '/api/sessions/id/renew'],
    ['/', '/id', '/sessions/id/renew'],
    ['/tickets?tenant=1', '/tickets/id?tenant=1', '/sessions/id/renew?tenant=1'],
  ])('asks about a ticket of %s below it and beside it', async (path, below, beside) => {
    const asked: string[] = []
    const { inquire, renewal } = await ask({
      ticketUrl: `http://${server.host}${path}`,
      fetch: async (input) => {
        const { pathname, search } = new URL(input as URL)
        asked.push(`${pathname}${search}`)
        const ticket = asked.length === 1 ? { ticket: generateTicket() } : {}
        const body = { ...ticket, id: 'id', state: 'pending', session_expires_in: 60 }
        return Response.json(body, { status: asked.length === 1 ? 201 : 200 })
      },
    })
    const { signal } = new AbortController()
    await inquire?.(signal)
    await renewal?.renew(signal)
    expect(asked).toEqual([path, below, beside])
  })

  it('stops at the signal', async () => {
    const attempt = new AbortController()
    server.answer = () => attempt.abort()
    await expect(ask({}, attempt.signal)).rejects.toMatchObject({ name: 'AbortError' })
  })
})

describe('A refusal of the ticket endpoint', () => {
  it.each(Object.keys(issueRefusals) as IssueRefusalCode[])('is told by its row of the table: %s', async (code) => {
    const answer = issueRefusalAnswer(code)
    server.answer = (response) => response.writeHead(answer.status, answer.headers).end(answer.body)
    const { status, publicCode, closeCode, action } = issueRefusals[code]
    expect(await failure(ask())).toMatchObject({ status, code: publicCode, closeCode, action })
  })

  it.each([
    [401, 'invalid_token', 4401, 'stop'],
    [403, 'forbidden', 4403, 'stop'],
    [404, 'try_later', 1013, 'wait'],
    [429, 'rate_limited', 4429, 'wait'],
    [500, 'try_later', 1013, 'wait'],
    [502, 'try_later', 1013, 'wait'],
    [503, 'try_later', 1013, 'wait'],
    [200, 'try_later', 1013, 'wait'],
    [418, 'try_later', 1013, 'wait'],
  ])('is told by its status where a proxy answered %i', async (status, code, closeCode, action) => {
    server.answer = (response) => response.writeHead(status, { 'content-type': 'text/html' }).end('<h1>Sorry</h1>')
    expect(await failure(ask())).toMatchObject({ status, code, closeCode, action, retryAfterMs: null })
  })

  it('is told by its status where its code is no word', async () => {
    server.answer = (response) => answerJson(response, 403, { code: 'wst_0' })
    expect(await failure(ask())).toMatchObject({ code: 'forbidden', closeCode: 4403 })
  })

  it("may have a code of the endpoint's own, which does not change what is to be done", async () => {
    server.answer = (response) => answerJson(response, 403, { code: 'plan_too_small' })
    expect(await failure(ask())).toMatchObject({ code: 'plan_too_small', closeCode: 4403, action: 'stop' })
  })

  it.each([
    ['7', 7000],
    ['0', 0],
    ['Wed, 21 Oct 2026 07:28:00 GMT', null],
    ['-1', null],
  ])('says how long to wait: Retry-After %s is %s ms', async (retryAfter, retryAfterMs) => {
    server.answer = (response) => answerJson(response, 503, { code: 'try_later' }, { 'retry-after': retryAfter })
    expect(await failure(ask())).toMatchObject({ status: 503, retryAfterMs })
  })
})

describe('No ticket, and a TicketRequestError', () => {
  it('comes of a redirect, which is not followed', async () => {
    server.answer = (response, request) => {
      if (request.url === '/elsewhere') return server.issue(response)
      response.writeHead(307, { location: '/elsewhere' }).end()
    }
    expect(await failure(ask())).toMatchObject({ status: 307, code: 'try_later', closeCode: 1013, action: 'wait' })
    expect(server.requests).toHaveLength(1)
  })

  it('comes of an endpoint that is not there', async () => {
    server.answer = (_, request) => request.socket.destroy()
    const error = await failure(ask())
    expect(error).toMatchObject({ status: null, code: 'try_later', closeCode: 1013 })
    expect(error.cause).toBeInstanceOf(TypeError)
  })

  it.each([
    ['no JSON', 'wst_'.padEnd(47, 'x')],
    ['null', 'null'],
    ['no ticket', '{"id":"x"}'],
    ['a number', '{"ticket":1}'],
    ['a short ticket', '{"ticket":"wst_AAAA"}'],
    ['a ticket whose last character is not canonical', `{"ticket":"wst_${'A'.repeat(42)}B"}`],
    ['a header that is smuggled in', `{"ticket":"wst_${'A'.repeat(43)}\\r\\nX: y"}`],
  ])('comes of a 201 with %s', async (_, body) => {
    server.answer = (response) => response.writeHead(201).end(body)
    const error = await failure(ask())
    expect(error).toMatchObject({ status: 201, code: 'try_later', closeCode: 1013 })
    expect(textsOf(error).join()).not.toContain('wst_')
  })

  it('comes of a ticket in an answer other than 201', async () => {
    server.answer = (response) => answerJson(response, 200, { ticket: generateTicket() })
    expect(await failure(ask())).toMatchObject({ status: 200, code: 'try_later', closeCode: 1013 })
  })

  it('comes of a body that breaks off', async () => {
    let breakOff = () => {}
    server.answer = (response) => {
      response.writeHead(201, { 'content-length': '100' }).write('{"ticket":"wst_')
      breakOff = () => response.destroy()
    }
    const headersFirst: typeof fetch = async (input, init) => {
      const response = await fetch(input, init)
      breakOff()
      return response
    }
    expect(await failure(ask({ fetch: headersFirst }))).toMatchObject({ status: 201, code: 'try_later' })
  })

  it.each([undefined, null, ''])('comes of a user who has no credential: %s', async (value) => {
    const error = await failure(ask({ credential: () => value as string }))
    expect(error).toMatchObject({ status: null, code: 'credential_required', closeCode: 4401, action: 'stop' })
    expect(server.requests).toHaveLength(0)
  })

  it.each(['line\r\nbreak', 'sp ace', 'schlüssel', 42])(
    'comes of a credential that no header can hold: %j',
    async (value) => {
      const error = await failure(ask({ credential: () => value as string }))
      expect(error).toMatchObject({ status: null, code: 'invalid_token', closeCode: 4401 })
      expect(textsOf(error).join()).not.toContain(String(value))
      expect(server.requests).toHaveLength(0)
    },
  )

  it('comes of a credential that could not be had, with the reason as its cause', async () => {
    const cause = new Error('signed out')
    const error = await failure(ask({ credential: () => Promise.reject(cause) }))
    expect(error).toMatchObject({ status: null, code: 'try_later', closeCode: 1013, cause })
  })

  it('never shows the credential', async () => {
    server.answer = (response, { headers }) => answerJson(response, 401, { code: headers.authorization })
    expect(textsOf(await failure(ask())).join()).not.toContain(credential)
  })
})

describe('createTicketSource', () => {
  const sound = { ticketUrl: 'https://app.example/tickets', credential: () => credential }

  it.each([
    ['a URL that is none', { ticketUrl: 'https://' }],
    ['a URL of another scheme', { ticketUrl: 'ftp://app.example/tickets' }],
    ['a URL with a password', { ticketUrl: 'https://user:password@app.example/tickets' }],
    ['a credential that is no function', { credential: 'text' as unknown as () => string }],
    ['an audience that is no text', { audience: 1 as unknown as string }],
    ['a lock that is a boolean', { lock: false as unknown as 'off' }],
    ['a fetch that is no function', { fetch: {} as unknown as typeof fetch }],
    ['hosts that are no array', { insecureHosts: 'app.example' as unknown as string[] }],
  ])('throws a TypeError for %s', (_, wrong) => {
    expect(() => createTicketSource({ ...sound, ...wrong })).toThrow(TypeError)
  })

  it('throws a SecurityError for a credential in plaintext to another machine that is not named', () => {
    const plain = { ...sound, ticketUrl: 'http://app.example/tickets' }
    expect(() => createTicketSource(plain)).toThrow(expect.objectContaining({ name: 'SecurityError' }))
    expect(() => createTicketSource({ ...plain, insecureHosts: ['app.example'] })).not.toThrow()
  })

  it('says what to do where no lock can be made, as on a page in plaintext from another machine', () => {
    for (const crypto of [undefined, { getRandomValues: globalThis.crypto.getRandomValues }]) {
      vi.stubGlobal('crypto', crypto)
      expect(() => createTicketSource(sound)).toThrow(
        /^A lock needs crypto\.subtle: serve the page over https: .*lock to "off"/,
      )
      expect(() => createTicketSource({ ...sound, lock: 'off' })).not.toThrow()
    }
  })

  it('takes a relative URL where there is no page yet, and fails when it is used there', async () => {
    const source = createTicketSource({ ...sound, ticketUrl: '/tickets' })
    await expect(source({ signal: new AbortController().signal, url: '' })).rejects.toMatchObject({
      cause: expect.any(TypeError),
    })
  })
})
