import { createServer, type RequestListener } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterEach, describe, expect, it } from 'vitest'
import { createIssuer, createTicketEndpoint, type Identity, type TicketRecord } from 'wsticket'
import { createRequestListener } from 'wsticket/adapters/node'
import { createMemoryStore } from 'wsticket/stores/memory'
import { connectRaw, headerOf, type RawClient } from 'wsticket/testing/raw-client'
import { uncaughtDuring } from './uncaught.ts'

const origin = 'https://app.example'
const identity: Identity = { issuer: 'https://issuer.example', subject: 'alice', expiresAt: null, claims: {} }
const authorization = 'Authorization: Bearer good'
const noBody = 'Content-Length: 0'
const endings: (() => Promise<void>)[] = []

afterEach(async () => {
  for (const end of endings.splice(0).reverse()) await end()
})

function createListener(records: TicketRecord[], trustedProxies: readonly string[] = []): RequestListener {
  const memory = createMemoryStore()
  const store = {
    ...memory,
    insert: (record: TicketRecord) => {
      records.push(record)
      return memory.insert(record)
    },
  }
  const endpoint = createTicketEndpoint({
    issuer: createIssuer({ store, audiences: ['chat', 'feed'] }),
    authenticate: async ({ headers }) => {
      if (headers.get('authorization') === null) return 'credential_missing'
      return headers.get('authorization') === 'Bearer good' ? identity : 'credential_malformed'
    },
    origins: [origin],
    trustedProxies,
  })
  return createRequestListener(endpoint)
}

async function serve(listener: RequestListener): Promise<() => Promise<RawClient>> {
  const server = createServer(listener)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  endings.push(() => new Promise((resolve) => server.close(() => resolve())))
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  return async () => {
    const client = await connectRaw(url, { deadlineMs: 3000 })
    endings.push(async () => {
      client.reset()
      await client.closed
    })
    return client
  }
}

/** The bytes of a request. */
function request(requestLine: string, lines: readonly string[], body = ''): string {
  const host = lines.some((line) => /^host:/i.test(line)) ? [] : ['Host: localhost']
  return `${[`${requestLine} HTTP/1.1`, ...host, ...lines].join('\r\n')}\r\n\r\n${body}`
}

/** The status of the answer to one request on a connection of its own, and how many tickets it came to. */
async function outcomeOf(bytes: string, trustedProxies: readonly string[] = []) {
  const records: TicketRecord[] = []
  const connect = await serve(createListener(records, trustedProxies))
  const client = await connect()
  client.send(Buffer.from(bytes, 'latin1'))
  const { status, headers } = await client.readHead()
  return { status, headers, records }
}

const chunked = (...chunks: string[]) =>
  [...chunks, ''].map((chunk) => `${chunk.length.toString(16)}\r\n${chunk}\r\n`).join('')
const chunks = [authorization, 'Transfer-Encoding: chunked', 'Content-Type: application/json']

describe('the ticket endpoint as a request listener', () => {
  it.each([
    ['GET', 405],
    ['HEAD', 405],
    ['PUT', 405],
    ['DELETE', 405],
    ['OPTIONS', 405],
    ['TRACE', 405],
    ['POST', 201],
  ])('answers %s with %i', async (method, status) => {
    const outcome = await outcomeOf(request(`${method} /tickets`, [authorization, noBody]))
    expect(outcome.status).toBe(status)
    expect(outcome.records).toHaveLength(status === 201 ? 1 : 0)
    if (status === 405) expect(headerOf(outcome, 'allow')).toBe('POST, OPTIONS')
  })

  it('answers a preflight without a Content-Length', async () => {
    const lines = [`Origin: ${origin}`, 'Access-Control-Request-Method: POST']
    const outcome = await outcomeOf(request('OPTIONS /tickets', lines))
    expect(outcome.status).toBe(204)
    expect(headerOf(outcome, 'content-length')).toBeNull()
    expect(headerOf(outcome, 'transfer-encoding')).toBeNull()
  })

  it('sends no body in answer to HEAD', async () => {
    const connect = await serve(createListener([]))
    const client = await connect()
    client.send(request('HEAD /tickets', [authorization, 'Connection: close']))
    const head = await client.readHead()
    expect(headerOf(head, 'content-type')).toBe('application/problem+json')
    expect(await client.readToEnd()).toHaveLength(0)
  })

  it.each([
    ['/tickets?audience=feed', 201],
    ['/tickets/', 404],
    ['/tickets%2f', 404],
    ['/Tickets', 404],
    ['//', 404],
    ['//tickets', 404],
    ['//evil.example/tickets', 404],
    ['/x//tickets', 404],
    ['/\\evil.example/tickets', 404],
    ['*', 404],
    ['http://[', 404],
    ['http://evil.example/other', 404],
    // RFC 9112 section 3.2.2: a server accepts the absolute form. Its host is nobody's concern here.
    ['http://evil.example/tickets', 201],
  ])('answers a request for %s with %i', async (target, status) => {
    const outcome = await outcomeOf(request(`POST ${target}`, [authorization, noBody]))
    expect(outcome.status).toBe(status)
  })

  it.each([
    'Host: a b',
    'Host: [::1',
    'Host: evil.example:99999',
    'Host: \u00e9',
    'Host: /',
    'Host: user@evil.example',
    'Host:',
  ])('goes by nothing in "%s"', async (host) => {
    const outcome = await outcomeOf(request('POST /tickets', [host, authorization, noBody]))
    expect([201, 400]).toContain(outcome.status)
  })

  it('refuses two credentials, and two origins', async () => {
    const twice = await outcomeOf(request('POST /tickets', [authorization, authorization, noBody]))
    expect([twice.status, twice.records.length]).toEqual([401, 0])
    const origins = await outcomeOf(
      request('POST /tickets', [authorization, `Origin: ${origin}`, `Origin: ${origin}`, noBody]),
    )
    expect([origins.status, origins.records.length]).toEqual([403, 0])
  })
})

describe('the body of a request for a ticket', () => {
  const body = JSON.stringify({ audience: 'feed' })

  it('may come in chunks', async () => {
    const { status, records } = await outcomeOf(
      request('POST /tickets', chunks, chunked(body.slice(0, 5), body.slice(5))),
    )
    expect(status).toBe(201)
    expect(records[0]?.audience).toBe('feed')
  })

  it('may come late', async () => {
    const records: TicketRecord[] = []
    const client = await (await serve(createListener(records)))()
    client.send(
      request('POST /tickets', [authorization, 'Content-Type: application/json', `Content-Length: ${body.length}`]),
    )
    for (const byte of body) client.send(byte)
    expect((await client.readResponse()).status).toBe(201)
  })

  it('is refused before it comes where it is announced too long', async () => {
    const { status } = await outcomeOf(request('POST /tickets', [authorization, 'Content-Length: 100000']))
    expect(status).toBe(413)
  })

  it('is refused in chunks that are too long, and the answer gets across', async () => {
    const { status, records } = await outcomeOf(request('POST /tickets', chunks, chunked(' '.repeat(5000), '{}')))
    expect([status, records.length]).toEqual([413, 0])
  })

  it('is refused in chunks without an end', async () => {
    const client = await (await serve(createListener([])))()
    client.send(request('POST /tickets', chunks))
    const chunk = `400\r\n${' '.repeat(1024)}\r\n`
    const sending = setInterval(() => client.send(chunk), 1)
    try {
      expect((await client.readHead()).status).toBe(413)
    } finally {
      clearInterval(sending)
    }
  })

  it('is refused where it is no UTF-8', async () => {
    const { status } = await outcomeOf(request('POST /tickets', chunks, chunked('{"audience":"\xff\xfe"}')))
    expect(status).toBe(400)
  })

  it('is no reason to fail where it never comes', async () => {
    const records: TicketRecord[] = []
    const connect = await serve(createListener(records))
    const client = await connect()
    client.send(request('POST /tickets', [authorization, 'Content-Type: application/json', 'Content-Length: 20'], '{'))
    const other = await connect()
    other.send(request('POST /tickets', [authorization, noBody]))
    expect((await other.readResponse()).status).toBe(201)
    client.reset()
    await client.closed
    other.send(request('POST /tickets', [authorization, noBody]))
    expect((await other.readResponse()).status).toBe(201)
    expect(records).toHaveLength(2)
  })
})

describe('header lines', () => {
  const junk = (count: number) => Array.from({ length: count }, (_, at) => `a${at % 10}:`)
  const proxies = ['127.0.0.1']

  it('are refused where they are so many that one may have been dropped', async () => {
    const lines = [authorization, noBody, ...junk(1100), 'X-Forwarded-For: 192.0.2.1']
    const { status, records } = await outcomeOf(request('POST /tickets', lines), proxies)
    // Node from 22 on refuses them itself.
    expect([400, 431]).toContain(status)
    expect(records).toHaveLength(0)
  })

  it('may be 100, and no more', async () => {
    const lines = [authorization, noBody, 'X-Forwarded-For: 192.0.2.1']
    const most = await outcomeOf(request('POST /tickets', [...junk(96), ...lines]), proxies)
    expect([most.status, most.records[0]?.clientAddress]).toEqual([201, '192.0.2.1'])
    const tooMany = await outcomeOf(request('POST /tickets', [...junk(97), ...lines]), proxies)
    expect([tooMany.status, tooMany.records.length]).toEqual([400, 0])
  })
})

describe('a connection that is kept alive', () => {
  it('goes on after refusals', async () => {
    const client = await (await serve(createListener([])))()
    const statuses: number[] = []
    for (const bytes of [
      request('POST /tickets', ['Content-Length: 5'], 'abcde'),
      request('GET /tickets', [authorization]),
      request('POST /nowhere', [authorization, noBody]),
      request('POST /tickets', [authorization, 'Origin: https://evil.example', 'Content-Length: 2'], '{}'),
      request('POST /tickets', [authorization, ...Array.from({ length: 200 }, () => 'a:'), noBody]),
      request('POST /tickets', [authorization, 'Content-Length: 5000'], ' '.repeat(5000)),
      request('POST /tickets', [authorization, noBody]),
    ]) {
      client.send(bytes)
      statuses.push((await client.readResponse()).status)
    }
    expect(statuses).toEqual([401, 405, 404, 403, 400, 413, 201])
  })

  it('answers requests that come at once in their order', async () => {
    const client = await (await serve(createListener([])))()
    client.send(
      request('GET /tickets', []) +
        request('POST /tickets', [authorization, noBody]) +
        request('POST /nowhere', [authorization, noBody]),
    )
    const statuses = []
    for (let answers = 0; answers < 3; answers++) statuses.push((await client.readResponse()).status)
    expect(statuses).toEqual([405, 201, 404])
  })
})

describe('a response that cannot be written', () => {
  it('closes the connection, and ends nothing else', async () => {
    const listener = createListener([])
    const errors = await uncaughtDuring(async () => {
      const connect = await serve((incoming, response) => {
        response.writeHead(200)
        listener(incoming, response)
      })
      const client = await connect()
      client.send(request('POST /tickets', [authorization, noBody]))
      await client.closed
    })
    expect(errors).toEqual([])
  })
})
