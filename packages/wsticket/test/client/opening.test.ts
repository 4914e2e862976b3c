import { describe, expect, it, vi } from 'vitest'
import { WebSocket as WsWebSocket } from 'ws'
import {
  createTicketWebSocket,
  type TicketWebSocketOptions,
  type TicketWebSocketTuning,
} from '../../src/client/index.ts'
import { ticketSubprotocol } from '../../src/wire.ts'

function open(url: string | URL, protocols?: unknown, tuning: TicketWebSocketTuning = {}): WebSocket {
  const TicketWebSocket = createTicketWebSocket({
    ticketSource: () => Promise.reject(new Error('no ticket is wanted here')),
    WebSocket: WsWebSocket,
    ...tuning,
  })
  const socket = new TicketWebSocket(url, protocols as string[])
  socket.close()
  return socket
}

function named(name: string): unknown {
  return expect.objectContaining({ name, constructor: DOMException })
}

describe('The URL of a TicketWebSocket', () => {
  it.each([
    ['wss://app.example', 'wss://app.example/'],
    ['wss://APP.example:443/ws?a=b', 'wss://app.example/ws?a=b'],
    ['https://app.example/ws', 'wss://app.example/ws'],
    ['http://localhost:8080/ws', 'ws://localhost:8080/ws'],
    [new URL('wss://app.example/ws'), 'wss://app.example/ws'],
  ])('is normalised as that of a WebSocket: %s', (url, normalised) => {
    expect(open(url).url).toBe(normalised)
  })

  it.each([
    ['/ws', 'wss://app.example/ws'],
    ['ws?x=1', 'wss://app.example/room/ws?x=1'],
    ['//other.example/ws', 'wss://other.example/ws'],
  ])('is relative to the page: %s', (url, resolved) => {
    vi.stubGlobal('location', new URL('https://app.example/room/page'))
    expect(open(url).url).toBe(resolved)
    vi.stubGlobal('document', { baseURI: 'https://base.example/room/' })
    expect(new URL(open('/ws').url).host).toBe('base.example')
  })

  it.each(['/ws', '', 'wss://', 'ftp://app.example/', 'wss://app.example/#part', 'wss://app.example/#'])(
    'cannot be %j where there is no page',
    (url) => {
      expect(() => open(url)).toThrow(named('SyntaxError'))
    },
  )

  it('cannot have a ticket of its own where the query is the carrier', () => {
    expect(() => open('wss://app.example/?ticket=mine', [], { carrier: 'query' })).toThrow(named('SyntaxError'))
    expect(open('wss://app.example/?ticket=mine').url).toBe('wss://app.example/?ticket=mine')
  })

  it("cannot have a key of ours where the query is the carrier, and keeps an application's own", () => {
    expect(() => open('wss://app.example/?key=wsk_mine', [], { carrier: 'query' })).toThrow(named('SyntaxError'))
    const own = 'wss://app.example/?key=c-sharp'
    expect(open(own, [], { carrier: 'query' }).url).toBe(own)
  })
})

describe('A ticket in plaintext', () => {
  it.each([
    'ws://localhost/',
    'ws://app.localhost:3000/',
    'ws://127.0.0.1/',
    'ws://127.1.2.3:80/',
    'ws://2130706433/',
    'ws://[::1]:8080/',
  ])('goes to this machine: %s', (url) => {
    expect(() => open(url)).not.toThrow()
  })

  it.each([
    'ws://app.example/',
    'http://app.example/',
    'ws://192.168.1.5/',
    'ws://localhost.app.example/',
    'ws://127.0.0.1.app.example/',
    'ws://notlocalhost/',
    'ws://0.0.0.0/',
  ])('does not go to another: %s', (url) => {
    expect(() => open(url)).toThrow(named('SecurityError'))
  })

  it('goes to another that is named', () => {
    expect(open('ws://App.example:8080/', [], { insecureHosts: ['app.example'] }).url).toBe('ws://app.example:8080/')
    expect(() => open('ws://evil.example/', [], { insecureHosts: ['app.example'] })).toThrow(named('SecurityError'))
  })

  it('goes back to the machine that the page came from in plaintext', () => {
    vi.stubGlobal('location', new URL('http://192.168.1.5:8080/'))
    expect(open('/ws').url).toBe('ws://192.168.1.5:8080/ws')
  })

  it.each(['https://app.example/', 'http://localhost:5173/', 'http://192.168.1.5:8080/'])(
    'does not go to another from the page %s',
    (page) => {
      vi.stubGlobal('location', new URL(page))
      expect(() => open('ws://app.example/ws')).toThrow(named('SecurityError'))
    },
  )
})

describe('The subprotocols of a TicketWebSocket', () => {
  it.each([[undefined], [null], [''], [[]], ['app.v1'], [['app.v1', 'app.v2']], [["!#$%&'*+-.^_`|~"]]])(
    'can be %j',
    (protocols) => {
      expect(() => open('wss://app.example', protocols)).not.toThrow()
    },
  )

  it.each([
    ['a duplicate', ['app.v1', 'app.v1']],
    ['the marker', ['app.v1', ticketSubprotocol]],
    ['the marker alone', ticketSubprotocol],
    ['a ticket', ['wst_anything']],
    ['a key', ['wsk_anything']],
    ['an empty one', ['app.v1', '']],
    ['two in one', 'app.v1, app.v2'],
    ['one with a space', 'app v1'],
    ['one with a line break', 'app\r\nX: y'],
    ['one that is not ASCII', 'äpp'],
    ['an object', { headers: {} }],
    ['an object in an array', [{}]],
    ['a number', 1],
  ])('cannot be or have %s', (_, protocols) => {
    expect(() => open('wss://app.example', protocols)).toThrow(named('SyntaxError'))
  })
})

describe('close() of a TicketWebSocket', () => {
  it.each([999, 1001, 1005, 1006, 2999, 5000, Number.NaN])('cannot have the code %d', (code) => {
    expect(() => open('wss://app.example').close(code)).toThrow(named('InvalidAccessError'))
  })

  it('cannot have a reason of more than 123 bytes', () => {
    expect(() => open('wss://app.example').close(1000, 'ä'.repeat(62))).toThrow(named('SyntaxError'))
    expect(() => open('wss://app.example').close(4999, 'a'.repeat(123))).not.toThrow()
  })
})

describe('createTicketWebSocket', () => {
  const ticketSource = async (): Promise<string> => ''
  const sound = { ticketUrl: 'https://app.example/tickets', credential: () => 'credential', WebSocket: WsWebSocket }

  it.each([
    ['neither a ticketUrl nor a ticketSource', { WebSocket: WsWebSocket }],
    ['a ticketUrl without a credential', { ...sound, credential: undefined }],
    ['both a ticketUrl and a ticketSource', { ...sound, ticketSource }],
    ['a ticketSource with an audience', { WebSocket: WsWebSocket, ticketSource, audience: 'chat' }],
    ['a ticketSource with a lock', { WebSocket: WsWebSocket, ticketSource, lock: 'on' }],
    ['a lock that there is not', { ...sound, lock: 'required' }],
    ['a ticketSource that is no function', { WebSocket: WsWebSocket, ticketSource: 'wst_' }],
    ['a carrier that there is not', { ...sound, carrier: 'cookie' }],
    ['no time', { ...sound, ticketTimeoutMs: 0 }],
    ['a time that is no number', { ...sound, ticketTimeoutMs: Number.NaN }],
    ['a time that no timer can hold', { ...sound, ticketTimeoutMs: Number.POSITIVE_INFINITY }],
    ['hosts that are no array', { ...sound, insecureHosts: 'app.example' }],
    ['a WebSocket that is no class', { ...sound, WebSocket: {} }],
  ])('throws a TypeError for %s', (_, options) => {
    expect(() => createTicketWebSocket(options as unknown as TicketWebSocketOptions)).toThrow(TypeError)
  })

  it('says to pass a WebSocket where there is none', () => {
    vi.stubGlobal('WebSocket', undefined)
    const { ticketUrl, credential } = sound
    expect(() => createTicketWebSocket({ ticketUrl, credential })).toThrow(/pass one as the option WebSocket/)
  })

  it('throws a SecurityError for a credential in plaintext to another machine', () => {
    const options = { ...sound, ticketUrl: 'http://app.example/tickets' }
    expect(() => createTicketWebSocket(options)).toThrow(named('SecurityError'))
    expect(() => createTicketWebSocket({ ...options, insecureHosts: ['app.example'] })).not.toThrow()
  })

  it('uses the global WebSocket unless it is given one', () => {
    vi.stubGlobal('WebSocket', WsWebSocket)
    const TicketWebSocket = createTicketWebSocket({ ticketSource })
    expect(new TicketWebSocket('wss://app.example').url).toBe('wss://app.example/')
  })
})
