import { describe, expect, it } from 'vitest'
import { parseEventStreamRequest } from '../../src/event-stream-request.ts'
import { streamRequest } from './fixtures.ts'

type Changes = Parameters<typeof streamRequest>[0]

const parsed = (changes: Changes) => parseEventStreamRequest(streamRequest(changes))

/** The id of the last event that the application gets, line by line; null for a request that is refused. */
function idsIn(changes: Changes): readonly string[] | null {
  const request = parsed(changes)
  if (request === null) return null
  return request.rawHeaders.filter((_, at) => at % 2 === 1 && /^last-event-id$/i.test(request.rawHeaders[at - 1] ?? ''))
}

describe('a request for an event stream', () => {
  it('is one where a browser sends it', () => {
    expect(parsed({})).toMatchObject({ kind: 'event_stream', origin: 'https://app.example', isSameOrigin: false })
    const sameOrigin = { headers: { Origin: null, 'Sec-Fetch-Site': 'same-origin' } }
    expect(parsed(sameOrigin)).toMatchObject({ origin: null, isSameOrigin: true, protocols: [] })
  })

  it('is read into what the checks need', () => {
    const headers = { 'X-Forwarded-For': ['192.0.2.1', '198.51.100.2'], Authorization: 'Bearer of-the-application' }
    const request = parsed({ headers })
    expect(request).toMatchObject({
      target: '/events',
      peerAddress: '192.0.2.7',
      forwardedFor: '192.0.2.1,198.51.100.2',
    })
    expect(request?.authorization).toBe('Bearer of-the-application')
  })

  it('goes by names, and not by values that look like them', () => {
    expect(parsed({ headers: { 'X-Line': 'last-event-id', 'X-Other': '1', 'Last-Event-ID': '7' } })).not.toBeNull()
  })

  it.each<[string, Changes]>([
    ['over HTTP/1.0', { httpVersion: '1.0' }],
    ['that takes other types, too', { headers: { Accept: 'text/html, text/event-stream;q=0.9, */*' } }],
    ['that says so in two lines', { headers: { Accept: ['text/html', 'Text/Event-Stream'] } }],
    ['of a server that does not tell the version', { httpVersion: null }],
    ['with an empty body', { headers: { 'Content-Length': '0' } }],
  ])('is one %s', (_, changes) => {
    expect(parsed(changes)).not.toBeNull()
  })

  it.each<[string, Changes]>([
    ['another method', { method: 'HEAD' }],
    ['POST', { method: 'POST' }],
    ['another version', { httpVersion: '2.0' }],
    ['an absolute target', { target: 'http://ws.example/events' }],
    ['a target that may be read as a host', { target: '//ws.example/events' }],
    ['no Accept', { headers: { Accept: null } }],
    ['any type', { headers: { Accept: '*/*' } }],
    ['a type that only begins so', { headers: { Accept: 'text/event-streams' } }],
    ['a type that only ends so', { headers: { Accept: 'x-text/event-stream' } }],
    ['no Host', { headers: { Host: null } }],
    ['two of Host', { headers: { Host: ['ws.example', 'other.example'] } }],
    ['two of Origin', { headers: { Origin: ['https://app.example', 'https://evil.example'] } }],
    ['two of Authorization', { headers: { Authorization: ['Ticket a', 'Ticket b'] } }],
    ['two of Sec-Fetch-Site', { headers: { 'Sec-Fetch-Site': ['cross-site', 'same-origin'] } }],
    ['a body', { headers: { 'Content-Length': '1' } }],
    ['a body in chunks', { headers: { 'Transfer-Encoding': 'chunked' } }],
    ['an upgrade', { headers: { Upgrade: 'websocket', Connection: 'Upgrade' } }],
    ['subprotocols', { headers: { 'Sec-WebSocket-Protocol': 'chat' } }],
    ['the key of a WebSocket', { headers: { 'Sec-WebSocket-Key': 'dGhlIHNhbXBsZSBub25jZQ==' } }],
    ['the version of a WebSocket', { headers: { 'Sec-WebSocket-Version': '13' } }],
    ['more than 100 lines', { headers: { 'X-Line': Array(101).fill('') } }],
    ['a line that is none', { headers: { 'X-Line': 'a\u0000b' } }],
  ])('is none with %s', (_, changes) => {
    expect(parsed(changes)).toBeNull()
  })

  it.each(['same-site', 'cross-site', 'none', 'Same-Origin', 'same-origin, same-origin'])(
    'is vouched for by no Sec-Fetch-Site: %s',
    (site) => {
      expect(parsed({ headers: { Origin: null, 'Sec-Fetch-Site': site } })).toMatchObject({ isSameOrigin: false })
    },
  )
})

describe('the id of the last event', () => {
  it('is a header where it came in the query, and no more in the query', () => {
    const request = parsed({ target: '/events?room=1&lastEventId=a%2Bb+c&b=2' })
    expect(request?.target).toBe('/events?room=1&b=2')
    expect(idsIn({ target: '/events?room=1&lastEventId=a%2Bb+c&b=2' })).toEqual(['a+b c'])
    expect(parsed({ target: '/events?lastEventId=7' })?.target).toBe('/events')
  })

  it('is that of the header where there is one', () => {
    const headers = { 'Last-Event-ID': '8' }
    expect(idsIn({ target: '/events?lastEventId=7', headers })).toEqual(['8'])
    expect(parsed({ target: '/events?lastEventId=7', headers })?.target).toBe('/events')
  })

  it('is none where it is empty, or there is none', () => {
    for (const target of [
      '/events?lastEventId=',
      '/events',
      '/events?',
      '/events??lastEventId=7',
      '/events?lasteventid=7',
    ])
      expect(idsIn({ target })).toEqual([])
  })

  it('is spelled as a browser spells it in the header: in UTF-8', () => {
    expect(idsIn({ target: '/events?lastEventId=%C3%A9%E2%82%AC' })).toEqual(['\u00c3\u00a9\u00e2\u0082\u00ac'])
  })

  it.each<[string, Changes]>([
    ['two', { target: '/events?lastEventId=7&lastEventId=7' }],
    ['two in headers', { headers: { 'Last-Event-ID': ['7', '8'] } }],
    ['one with a line break', { target: '/events?lastEventId=7%0d%0aX-Admin:%201' }],
    ['one with NUL', { target: '/events?lastEventId=%00' }],
    ['one with DEL', { target: '/events?lastEventId=%7f' }],
    ['one of more than 1,024 bytes', { target: `/events?lastEventId=${'7'.repeat(1025)}` }],
    ['one of more than 1,024 bytes in UTF-8', { target: `/events?lastEventId=${'%C3%A9'.repeat(513)}` }],
    ['one of more than 1,024 bytes in the header', { headers: { 'Last-Event-ID': '7'.repeat(1025) } }],
  ])('refuses a request with %s', (_, changes) => {
    expect(idsIn(changes)).toBeNull()
  })

  it('may be as long as it likes: it is refused, and nothing else', () => {
    expect(idsIn({ target: `/events?lastEventId=${'7'.repeat(2 ** 20)}` })).toBeNull()
  })

  it('is found however its name is spelled, and only whole', () => {
    expect(idsIn({ target: '/events?%6Cast%45vent%49d=7' })).toEqual(['7'])
    expect(parsed({ target: '/events?lastEventI=7&lastEventIds=7' })?.target).toBe(
      '/events?lastEventI=7&lastEventIds=7',
    )
    expect(parsed({ target: '/events?lastEventId&a&&b' })?.target).toBe('/events?a&&b')
  })

  it('may have 1,024 bytes', () => {
    expect(idsIn({ target: `/events?lastEventId=${'7'.repeat(1024)}` })).toHaveLength(1)
  })
})
