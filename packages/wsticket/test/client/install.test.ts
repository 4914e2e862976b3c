import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { WebSocket as WsWebSocket } from 'ws'
import {
  createTicketWebSocket,
  type InstallTicketWebSocketOptions,
  installTicketWebSocket,
} from '../../src/client/index.ts'
import { opened, TicketServer } from './ticket-server.ts'

let server: TicketServer
const before = globalThis.WebSocket
const uninstalls: (() => void)[] = []

beforeEach(async () => {
  server = await TicketServer.start()
  // As in a browser, whatever Node this is.
  globalThis.WebSocket = WsWebSocket as unknown as typeof WebSocket
})
afterEach(async () => {
  for (const uninstall of uninstalls.splice(0)) uninstall()
  globalThis.WebSocket = before
  await server.stop()
})

function install(options: Partial<InstallTicketWebSocketOptions> = {}): () => void {
  const uninstall = installTicketWebSocket({
    match: ({ pathname }) => pathname === '/ws',
    ticketUrl: server.ticketUrl,
    credential: () => 'credential',
    ...options,
  } as InstallTicketWebSocketOptions)
  uninstalls.push(uninstall)
  return uninstall
}

describe('the global WebSocket, once ours is installed', () => {
  it('has a ticket where the URL matches, and is the one that was there elsewhere', async () => {
    install()
    const socket = new WebSocket(server.socketUrl)
    await opened(socket)
    expect(server.handshakes).toMatchObject([{ target: '/ws', ticket: [...server.issued][0] }])
    const other = new WebSocket(server.socketUrl.replace('/ws', '/elsewhere'))
    expect(other.constructor).toBe(WsWebSocket)
    await new Promise((resolve) => other.addEventListener('error', resolve))
    expect(server.requests).toHaveLength(1)
    socket.close()
  })

  it('takes what a WebSocket takes: a URL object, http: for ws:, subprotocols', async () => {
    install()
    const socket = new WebSocket(new URL(server.socketUrl.replace('ws:', 'http:')), ['app.v1'])
    await opened(socket)
    expect(socket.protocol).toBe('app.v1')
    socket.close()
  })

  it('leaves what is none of its business as it was: other schemes, and arguments that only the class takes that was there', async () => {
    const seen: unknown[][] = []
    globalThis.WebSocket = class {
      constructor(...given: unknown[]) {
        seen.push(given)
      }
    } as unknown as typeof WebSocket
    install({ WebSocket: WsWebSocket })
    const Class = WebSocket as unknown as new (...given: unknown[]) => WebSocket
    const headers = { headers: { a: 'b' } }
    const elsewhere = server.socketUrl.replace('/ws', '/elsewhere')
    for (const url of [elsewhere, 'ws+unix:/run/app.sock:/ws', 'nowhere']) new Class(url, ['app.v1'], headers)
    expect(seen).toEqual([
      [elsewhere, ['app.v1'], headers],
      ['ws+unix:/run/app.sock:/ws', ['app.v1'], headers],
      ['nowhere', ['app.v1'], headers],
    ])
  })

  it.each(['subprotocol', 'query'] as const)(
    'may be installed twice, and is not beneath its own class (%s)',
    async (carrier) => {
      install({ carrier })
      install({ carrier, match: ({ pathname }) => pathname.startsWith('/ws') })
      const TicketWebSocket = createTicketWebSocket({ carrier, ticketUrl: server.ticketUrl, credential: () => 'other' })
      const sockets = [new WebSocket(server.socketUrl), new TicketWebSocket(server.socketUrl)]
      await Promise.all(sockets.map(opened))
      expect(server.requests).toHaveLength(2)
      for (const socket of sockets) socket.close()
    },
  )

  it('is what both are instances of, with the constants of the one that was there', () => {
    install()
    const ours = new WebSocket(server.socketUrl)
    const other = new WebSocket(server.socketUrl.replace('/ws', '/elsewhere'))
    other.addEventListener('error', () => {})
    expect([ours instanceof WebSocket, other instanceof WebSocket, {} instanceof WebSocket]).toEqual([
      true,
      true,
      false,
    ])
    expect([WebSocket.CONNECTING, WebSocket.OPEN, WebSocket.CLOSING, WebSocket.CLOSED]).toEqual([0, 1, 2, 3])
    ours.close()
  })

  it('can be extended, but for the URLs that match', async () => {
    install()
    class Extended extends WebSocket {
      readonly isExtended = true
    }
    const other = new Extended(server.socketUrl.replace('/ws', '/elsewhere'))
    other.addEventListener('error', () => {})
    expect(other).toMatchObject({ isExtended: true })
    const plain = new WebSocket(server.socketUrl.replace('/ws', '/elsewhere'))
    plain.addEventListener('error', () => {})
    expect([other instanceof Extended, plain instanceof Extended]).toEqual([true, false])
    expect(() => new Extended(server.socketUrl)).toThrow('extend the class of createTicketWebSocket')
  })

  it('is put back, and does nothing any more where somebody else has taken its place', async () => {
    const uninstall = install()
    const patched = globalThis.WebSocket
    uninstall()
    expect(globalThis.WebSocket).toBe(WsWebSocket)

    const again = install()
    class Theirs extends globalThis.WebSocket {}
    globalThis.WebSocket = Theirs
    again()
    expect(globalThis.WebSocket).toBe(Theirs)
    for (const socket of [new Theirs(server.socketUrl), new patched(server.socketUrl)])
      await new Promise((resolve) => socket.addEventListener('error', resolve))
    expect(server.requests).toHaveLength(0)
  })

  it('is there where there was none, and gone again', async () => {
    globalThis.WebSocket = undefined as never
    const uninstall = install({ WebSocket: WsWebSocket })
    const socket = new WebSocket(server.socketUrl)
    await opened(socket)
    socket.close()
    uninstall()
    expect(globalThis.WebSocket).toBeUndefined()
  })

  it('is not touched where the options cannot be', () => {
    expect(() => install({ match: undefined as never })).toThrow(TypeError)
    expect(() => install({ credential: 'credential' as never })).toThrow(TypeError)
    expect(globalThis.WebSocket).toBe(WsWebSocket)
  })
})
