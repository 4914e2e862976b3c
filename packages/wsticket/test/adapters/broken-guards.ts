/**
 * Adapters that are broken on purpose, each in one way that has been seen in the field. Every one must fail the suite.
 * @module
 */
import type { IncomingMessage } from 'node:http'
import type { Duplex } from 'node:stream'
import type { WebSocket, WebSocketServer } from 'ws'
import { type Admission, type AwaitMessageDecision, type Decision, refusalAnswer, type Session } from 'wsticket'
import { refuseUpgrade } from 'wsticket/adapters/node'
import { createWebSocketUpgrade, sessionOf } from 'wsticket/adapters/ws'
import type { Guard } from './ws-harness.ts'

const sessions = new WeakMap<IncomingMessage, Session>()
const nobody = { id: '', subject: '', audience: '', claims: {} } as unknown as Session

/** Opens the WebSocket at once, and closes it again if the ticket turns out to be no good. */
const admitsFirst: Guard = {
  createUpgrade:
    ({ admission }, webSockets) =>
    (request, socket, head) => {
      const opening = openingOf(request)
      accept(webSockets, { request, socket, head }, (webSocket) => {
        void admission.admit(opening).then(({ kind }) => {
          if (kind === 'refused') webSocket.close(4401)
        })
      })
    },
  sessionOf: () => nobody,
}

/** Hands the request on as it came, ticket and all, and leaves the subprotocol to `ws`: the first that was offered. */
const passesEverythingOn: Guard = {
  createUpgrade({ admission }, webSockets) {
    webSockets.options.handleProtocols = null as never
    return deciding(admission, webSockets, (socket, { code }) => refuseUpgrade(socket, refusalAnswer(code)))
  },
  sessionOf: (request) => sessions.get(request) ?? nobody,
}

/** Says in a header which check it was that failed. */
const tellsWhy: Guard = {
  createUpgrade: ({ admission }, webSockets) =>
    deciding(admission, webSockets, (socket, { code }) => {
      const answer = refusalAnswer(code)
      refuseUpgrade(socket, { ...answer, headers: { ...answer.headers, 'X-Reason': code } })
    }),
  sessionOf: (request) => sessions.get(request) ?? nobody,
}

/** Counts on the client to hang up. */
const neverHangsUp: Guard = {
  createUpgrade: ({ admission }, webSockets) =>
    deciding(admission, webSockets, (socket, { code }) => {
      const { status, body } = refusalAnswer(code)
      socket.write(`HTTP/1.1 ${status} No\r\nContent-Length: ${body.length}\r\n\r\n${body}`)
    }),
  sessionOf: (request) => sessions.get(request) ?? nobody,
}

/** Forgets what came in one piece with the handshake. */
const losesTheHead: Guard = {
  createUpgrade({ admission }, webSockets) {
    const upgrade = createWebSocketUpgrade(admission, webSockets)
    return (request, socket) => upgrade(request, socket, Buffer.alloc(0))
  },
  sessionOf,
}

/** Takes what Node makes of repeated headers for what was sent. */
const readsJoinedHeaders: Guard = {
  createUpgrade({ admission }, webSockets) {
    const joining: Pick<Admission, 'admit'> = {
      admit: (opening) => {
        const headers = new Map<string, string>()
        for (let at = 0; at + 1 < opening.rawHeaders.length; at += 2) {
          headers.set((opening.rawHeaders[at] as string).toLowerCase(), opening.rawHeaders[at + 1] as string)
        }
        return admission.admit({ ...opening, rawHeaders: [...headers].flat() })
      },
    }
    return createWebSocketUpgrade(joining, webSockets)
  },
  sessionOf,
}

/** Forgets whom it has let in. */
const neverAttaches: Guard = {
  createUpgrade: ({ admission }, webSockets) =>
    deciding(admission, webSockets, (socket, { code }) => refuseUpgrade(socket, refusalAnswer(code))),
  sessionOf: (request) => sessions.get(request) ?? nobody,
}

/** Lets the application have the WebSocket before its first message has decided, and that message, too. */
const opensEarly: Guard = {
  createUpgrade: ({ admission }, webSockets) =>
    awaitingMessage(admission, webSockets, ({ webSocket, request }, waiting) => {
      webSockets.emit('connection', webSocket, request)
      webSocket.once('message', (data: Buffer) => {
        void waiting.admit({ kind: 'text', text: data.toString() }).then(({ kind }) => {
          if (kind === 'refused') webSocket.close(4401, 'invalid_ticket')
        })
      })
    }),
  sessionOf: () => nobody,
}

/** Waits for a first message for as long as anything comes. */
const waitsForTraffic: Guard = {
  createUpgrade: ({ admission }, webSockets) =>
    awaitingMessage(admission, webSockets, ({ webSocket, request, socket }, waiting) => {
      const giveUp = () => {
        void waiting.admit({ kind: 'absent' })
        webSocket.close(4408, 'timeout')
        socket.end()
      }
      let timer: NodeJS.Timeout
      let lastLook: NodeJS.Immediate
      // What came while the machine stood still is read behind the timers that are due, and before this.
      const lookOnceMore = () => {
        lastLook = setImmediate(giveUp)
      }
      const stopWaiting = () => {
        clearTimeout(timer)
        clearImmediate(lastLook)
      }
      const waitAnew = () => {
        stopWaiting()
        timer = setTimeout(lookOnceMore, waiting.limits.deadlineMs)
      }
      waitAnew()
      socket.on('data', waitAnew)
      webSocket.once('message', (data: Buffer) => {
        socket.off('data', waitAnew)
        stopWaiting()
        void waiting.admit({ kind: 'text', text: data.toString() }).then((decision) => {
          if (decision.kind === 'refused') return webSocket.close(4401, 'invalid_ticket')
          sessions.set(request, decision.session)
          return webSockets.emit('connection', webSocket, request)
        })
      })
    }),
  sessionOf: (request) => sessions.get(request) ?? nobody,
}

/** Every broken adapter, and the cases that find it out (beginnings of their names). */
export const brokenGuards: {
  readonly [name: string]: { readonly guard: Guard; readonly foundOutBy: readonly string[] }
} = {
  admitsFirst: {
    guard: admitsFirst,
    foundOutBy: [
      'lets nothing through before it is decided',
      'delivers nothing of a client that is refused late',
      'answers every ticket that is no good with the same bytes',
      'refuses the second presentation of a ticket',
      'refuses a foreign origin,',
      'refuses where the store rejects',
      'does not look for a ticket in the query unless told to',
      'forgets a client that vanishes by RST',
      'selects wsticket.v1 where nothing else was offered',
      'shows the application no ticket of the carrier subprotocol',
    ],
  },
  passesEverythingOn: {
    guard: passesEverythingOn,
    foundOutBy: [
      'never selects a ticket that is offered first',
      'selects nothing where only a ticket was offered',
      'selects wsticket.v1 where the application supports nothing that was offered',
      'shows the application no ticket of the carrier subprotocol',
      'shows the application no ticket of the carrier authorization',
      'shows the application no ticket of the carrier query',
      'shows the application no ticket of the carrier cookie',
      'keeps the other cookies, in order and as they were spelled',
      'hands a ticket out in a cookie, opens a WebSocket with it, and clears it on the 101',
      'removes a ticket whose parameter is percent-encoded',
      'admits a locked ticket with its key by the carrier subprotocol, and shows the application neither',
      'admits a locked ticket with its key by the carrier authorization, and shows the application neither',
      'admits a locked ticket with its key by the carrier query, and shows the application neither',
      'admits a locked ticket with its key by the carrier cookie, and shows the application neither',
      'never selects a key that is offered first',
    ],
  },
  tellsWhy: { guard: tellsWhy, foundOutBy: ['answers every ticket that is no good with the same bytes'] },
  neverHangsUp: {
    guard: neverHangsUp,
    foundOutBy: [
      'refuses a foreign origin,',
      'lets go of a refused client that never closes',
      'lets go of a refused client that goes on sending',
    ],
  },
  neverAttaches: {
    guard: neverAttaches,
    foundOutBy: [
      'closes a WebSocket with ',
      'delivers nothing more of a client',
      'cuts a WebSocket whose client',
      'forgets the session of a client',
    ],
  },
  opensEarly: {
    guard: opensEarly,
    foundOutBy: ['admits by the first message, and shows', 'sends nothing before the first message is decided'],
  },
  waitsForTraffic: { guard: waitsForTraffic, foundOutBy: ['closes with 4408 where no first message comes in time'] },
  losesTheHead: { guard: losesTheHead, foundOutBy: ['delivers what arrives in one piece with the handshake'] },
  readsJoinedHeaders: {
    guard: readsJoinedHeaders,
    foundOutBy: [
      'refuses two lines of Origin',
      'refuses a handshake with two lines of Host',
      'refuses a handshake with two keys',
      'refuses a handshake with 101 header lines',
      'keeps every other header line, in order',
    ],
  },
}

interface Upgrading {
  readonly request: IncomingMessage
  readonly socket: Duplex
  readonly head: Buffer
}

/** A guard that decides before it accepts, and does nothing else right. */
function deciding(
  admission: Admission,
  webSockets: WebSocketServer,
  refuse: (socket: Duplex, decision: Extract<Decision, { kind: 'refused' }>) => void,
) {
  return (request: IncomingMessage, socket: Duplex, head: Buffer) => {
    socket.on('error', () => socket.destroy())
    void admission.admit(openingOf(request)).then((decision) => {
      if (decision.kind === 'refused') return refuse(socket, decision)
      if (decision.kind === 'await_message') return
      sessions.set(request, decision.session)
      accept(webSockets, { request, socket, head })
    })
  }
}

/** A WebSocket whose first message is waited for. */
interface Awaited {
  readonly webSocket: WebSocket
  readonly request: IncomingMessage
  readonly socket: Duplex
}

/** A guard that looks for tickets in first messages alone. */
function awaitingMessage(
  admission: Admission,
  webSockets: WebSocketServer,
  wait: (awaited: Awaited, waiting: AwaitMessageDecision) => void,
) {
  return (request: IncomingMessage, socket: Duplex, head: Buffer) => {
    socket.on('error', () => socket.destroy())
    void admission.admit(openingOf(request)).then((decision) => {
      if (decision.kind !== 'await_message') return void socket.destroy()
      webSockets.handleUpgrade(request, socket, head, (webSocket) => {
        webSocket.on('error', () => {})
        wait({ webSocket, request, socket }, decision)
      })
    })
  }
}

function accept(
  webSockets: WebSocketServer,
  upgrading: Upgrading,
  then: (webSocket: WebSocket) => void = () => {},
): void {
  const { request, socket, head } = upgrading
  socket.on('error', () => socket.destroy())
  webSockets.handleUpgrade(request, socket, head, (webSocket) => {
    webSocket.on('error', () => {})
    webSockets.emit('connection', webSocket, request)
    then(webSocket)
  })
}

function openingOf({ method = '', httpVersion, url = '', rawHeaders, socket }: IncomingMessage) {
  return { method, httpVersion, target: url, rawHeaders, peerAddress: socket.remoteAddress ?? null }
}
