/**
 * Places of the contract site: each has a ticket endpoint and a WebSocket of its own, and a journal of what came there, so that many
 * cases can be tried at once.
 */
import type { IncomingMessage, ServerResponse } from 'node:http'

/** What has come to one place. Holds no ticket and no key. */
export interface Journal {
  /** The credentials that tickets were asked for with. */
  readonly asked: string[]
  /** How many of them were given up before they were answered. */
  givenUp: number
  /** Opening handshakes: the subprotocols of the application, and where ticket and key were. */
  readonly handshakes: { protocols: string[]; ticketIn: string; keyIn: string }[]
  /** The ids of the sessions that were opened. */
  readonly sessions: string[]
  /** The credentials that sessions were renewed with. */
  readonly renewals: string[]
  /** Messages that came over WebSockets. */
  messages: number
}

export interface Places {
  /** Finds the place of a request, and takes it off its path; false where there is none in it. */
  enter(request: IncomingMessage): boolean
  /** Keeps what is asked. False where the ticket endpoint is not to answer: to the question for the journal, and to the credential `hang`. */
  record(request: IncomingMessage, response: ServerResponse): boolean
  recordHandshake(request: IncomingMessage): void
  /** The journal of the place that a request was for. */
  of(request: IncomingMessage): Journal
  journal(place: string): Journal
}

export function createPlaces(): Places {
  const journals = new Map<string, Journal>()
  const places = new WeakMap<IncomingMessage, string>()
  const journal = (place: string) => {
    const known = journals.get(place) ?? newJournal()
    journals.set(place, known)
    return known
  }
  const of = (request: IncomingMessage) => journal(places.get(request) ?? '')
  return {
    of,
    journal,
    enter(request) {
      const [, place, path] = /^\/at\/([\w-]+)(\/.*)$/.exec(request.url ?? '') ?? []
      if (place === undefined || path === undefined) return false
      places.set(request, place)
      request.url = path
      return true
    },
    record(request, response) {
      const path = request.url ?? ''
      const credential = (request.headers.authorization ?? '').replace('Bearer ', '')
      const { asked, renewals } = of(request)
      if (path === '/journal') response.end(JSON.stringify(of(request)))
      if (path === '/tickets') asked.push(credential)
      if (path.startsWith('/sessions/')) renewals.push(credential)
      response.once('close', () => {
        if (!response.writableFinished) of(request).givenUp += 1
      })
      return path !== '/journal' && credential !== 'hang'
    },
    recordHandshake(request) {
      const { searchParams } = new URL(request.url ?? '', 'ws://host')
      const offered = (request.headers['sec-websocket-protocol'] ?? '').split(/, */).filter((text) => text !== '')
      const places = (prefix: string, parameter: string) => [
        ...(offered.some((text) => text.startsWith(prefix)) ? ['subprotocol'] : []),
        ...(searchParams.has(parameter) ? ['query'] : []),
      ]
      of(request).handshakes.push({
        protocols: offered.filter((text) => !/^(?:wsticket\.v1$|ws[tk]_)/.test(text)),
        ticketIn: places('wst_', 'ticket').join(),
        keyIn: places('wsk_', 'key').join(),
      })
    },
  }
}

function newJournal(): Journal {
  return { asked: [], givenUp: 0, handshakes: [], sessions: [], renewals: [], messages: 0 }
}
