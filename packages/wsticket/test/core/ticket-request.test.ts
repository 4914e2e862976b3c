import { describe, expect, it } from 'vitest'
import { lockOfKey } from '../../src/lock.ts'
import { keyOf } from './fixtures.ts'
import { asking, askingFor, chunked, endpointUrl, statusOf } from './ticket-requests.ts'

const lock = lockOfKey(keyOf(1))
const json = { 'Content-Type': 'application/json' }

/** A request as an adapter could make one up: not everything that it can hold can be put into a real one. */
function madeUp(members: object): Request {
  const { headers, method } = asking()
  return { url: endpointUrl, method, headers, body: null, ...members } as unknown as Request
}

describe('the body of a request for a ticket', () => {
  it.each([
    ['no body', () => asking()],
    ['no body, and says so', () => asking({ headers: { 'Content-Length': '0' } })],
    ['an empty body', () => asking({ body: '' })],
    ['an empty body of JSON', () => askingFor('')],
    ['an empty body in chunks', () => asking({ body: chunked() })],
    ['an object without members', () => askingFor('{}')],
    ['an audience', () => askingFor('{"audience":"chat"}')],
    ['a lock', () => askingFor(`{"lock":"${lock}"}`)],
    ['a lock that is none', () => askingFor('{"lock":null,"audience":null}')],
    ['an audience and a lock', () => askingFor(`{"lock":"${lock}","audience":"chat"}`)],
    ['white space around it', () => askingFor(' \r\n\t{ "audience" : "chat" } ')],
    ['a media type with a charset', () => askingFor('{}', { 'Content-Type': 'application/json; charset=utf-8' })],
    ['a media type in capitals', () => askingFor('{}', { 'Content-Type': 'Application/JSON' })],
    [
      'chunks that part a character',
      () => {
        const bytes = new TextEncoder().encode('{"audience":"chat"}')
        return asking({ headers: json, body: chunked(bytes.slice(0, 5), bytes.slice(5, 6), bytes.slice(6)) })
      },
    ],
    ['4 KiB in chunks', () => asking({ headers: json, body: chunked('{}', ...Array<string>(4094).fill(' ')) })],
    ['a length that is wrong', () => askingFor('{}', { 'Content-Length': '1' })],
  ])('may be %s', async (_, request) => {
    expect(await statusOf(request())).toBe(201)
  })

  it.each([
    ['4,097 bytes', () => askingFor(`{}${' '.repeat(4095)}`)],
    ['4,097 bytes in chunks', () => asking({ headers: json, body: chunked('{}', ...Array<string>(4095).fill(' ')) })],
    ['one chunk of a megabyte', () => asking({ headers: json, body: chunked(new Uint8Array(1_048_576)) })],
    ['a length beyond all bounds', () => askingFor('{}', { 'Content-Length': '999999999999999999999' })],
    ['an endless stream', () => asking({ headers: json, body: endless() })],
  ])('may not be %s', async (_, request) => {
    expect(await statusOf(request())).toBe(413)
  })

  it('is not read on when it is too long', async () => {
    let cancelled = false
    const body = endless(() => {
      cancelled = true
    })
    expect(await statusOf(asking({ headers: json, body }))).toBe(413)
    expect(cancelled).toBe(true)
  })

  it.each([
    '{',
    '{"audience":"chat"',
    '{"audience":"chat"}x',
    '{"audience":"chat"}{"audience":"feed"}',
    "{'audience':'chat'}",
    '{"audience":"chat",}',
    '{audience:"chat"}',
    '// comment\n{}',
    '[]',
    '["chat"]',
    '"chat"',
    'null',
    'true',
    '7',
    'NaN',
    '{"audience":7}',
    '{"audience":""}',
    '{"audience":true}',
    '{"audience":["chat"]}',
    '{"audience":{"name":"chat"}}',
    '{"Audience":"chat"}',
    '{"lock":7}',
    '{"lock":""}',
    '{"lock":true}',
    '{"lock":"secret"}',
    `{"lock":["${lock}"]}`,
    `{"lock":"${lock}="}`,
    `{"lock":"${lock.slice(1)}"}`,
    `{"lock":"${lock}A"}`,
    `{"lock":"${'A'.repeat(42)}B"}`,
    `{"lock":"${lock.slice(0, 10)}+${lock.slice(11)}"}`,
    `{"lock":"${lock}\\n"}`,
    `{"Lock":"${lock}"}`,
    `{"lock":"${lock}","audience":7}`,
    `{"lock":"${lock}","locks":"${lock}"}`,
    '{"audience":"chat","admin":true}',
    '{"audience":"chat","__proto__":{"admin":true}}',
    '{"__proto__":{"audience":"chat"}}',
    '{"constructor":{}}',
    '{"":"chat"}',
    `${'['.repeat(2000)}${']'.repeat(2000)}`,
    ' ',
    '\u0000',
  ])('is malformed where it is %j', async (text) => {
    expect(await statusOf(askingFor(text))).toBe(400)
  })

  it('is malformed where the lock is a key: nobody but its owner may see one before the handshake', async () => {
    expect(await statusOf(askingFor(JSON.stringify({ lock: keyOf(1) })))).toBe(400)
  })

  it.each([
    ['a byte that begins nothing', [0x7b, 0xff, 0x7d]],
    ['half a character at the end', [0x7b, 0x7d, 0xc3]],
    ['a character spelled too long', [0x22, 0xc0, 0xaf, 0x22]],
    ['half a surrogate pair', [0x22, 0xed, 0xa0, 0x80, 0x22]],
    ['half a character within a text', [...new TextEncoder().encode('{"audience":"'), 0xc3, 0x22, 0x7d]],
    ['UTF-16', [0xff, 0xfe, 0x7b, 0x00, 0x7d, 0x00]],
  ])('is malformed where it is not UTF-8: %s', async (_, bytes) => {
    const whole = Uint8Array.from(bytes)
    expect(await statusOf(asking({ headers: json, body: whole }))).toBe(400)
    expect(await statusOf(asking({ headers: json, body: chunked(whole.slice(0, 2), whole.slice(2)) }))).toBe(400)
  })

  it.each([
    'text/plain',
    'application/x-www-form-urlencoded',
    'multipart/form-data; boundary=x',
    'text/json',
    'application/jsonp',
    'application/json-patch+json',
    'application/problem+json',
    'application/json, text/plain',
    'text/plain; application/json',
    'application/json\u00a0',
    'json',
    '*/*',
  ])('is of a media type that no form can send, not %s', async (type) => {
    expect(await statusOf(askingFor('{}', { 'Content-Type': type }))).toBe(415)
  })

  it('is no request where it breaks off', async () => {
    const body = new ReadableStream({
      start(controller) {
        controller.error(new Error('the client is gone'))
      },
    })
    expect(await statusOf(asking({ headers: json, body }))).toBe(400)
  })
})

describe('the URL of a request for a ticket', () => {
  it.each([
    '',
    'tickets',
    '/tickets',
    'not a url',
    'http://',
    'http:tickets',
    '//api.example/tickets',
    '*',
    'http://[',
    'http:///x/tickets',
    'api.example:443',
  ])('is nobody\u2019s where it is %j, and nothing throws', async (url) => {
    expect(await statusOf(madeUp({ url }))).toBe(404)
  })

  it.each(['http://[/tickets', 'http://a:99999/tickets', 'http://a b/tickets', 'http://user:password@a/tickets?x#y'])(
    'is read for its path only: %j',
    async (url) => {
      expect(await statusOf(madeUp({ url }))).toBe(201)
    },
  )
})

/** A body of white space without end. */
function endless(cancel: () => void = () => {}): ReadableStream<Uint8Array> {
  return new ReadableStream({
    pull: (controller) => controller.enqueue(new Uint8Array(1000).fill(0x20)),
    cancel,
  })
}
