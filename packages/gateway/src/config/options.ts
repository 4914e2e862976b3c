/**
 * THE TABLE of options: flags, environment variables, defaults, `--help` and the reference are all made from it.
 * @module
 */
import { limitOptions } from './limit-options.ts'
import type { OptionTable } from './option.ts'
import * as values from './values.ts'

/** All options. */
export const options: OptionTable = {
  listen: {
    flag: 'listen',
    placeholder: 'address:port',
    help: 'Where to listen. Plain HTTP: put a proxy that speaks TLS in front of it.',
    group: 'Network',
    reading: { kind: 'optional', value: values.listenAddress, fallback: '127.0.0.1:8080' },
  },
  upstream: {
    flag: 'upstream',
    placeholder: 'url',
    help: 'The WebSocket service behind the gateway, ws: or wss:. A path here replaces the path that the client asked for.',
    group: 'Network',
    reading: { kind: 'required', value: values.upstreamUrl },
  },
  path: {
    flag: 'path',
    placeholder: 'path',
    help: 'The path where WebSockets are opened.',
    group: 'Network',
    reading: { kind: 'optional', value: values.path, fallback: '/ws' },
  },
  eventStreams: {
    flag: 'event-streams',
    placeholder: 'on or off',
    help: 'Whether a GET of that path for text/event-stream is admitted as a WebSocket is, and asked of the upstream over HTTP. For the EventSource of a browser the carrier has to be query or cookie. Off: an upstream that was written for WebSockets gets nothing else.',
    group: 'Network',
    reading: { kind: 'optional', value: values.oneOf('on', 'off'), fallback: 'off' },
  },
  trustedProxies: {
    flag: 'trusted-proxy',
    placeholder: 'address or network',
    help: 'A reverse proxy in front of the gateway, such as 10.0.0.0/8, whose X-Forwarded-For is believed.',
    group: 'Network',
    reading: { kind: 'list', value: values.network, fallback: [] },
  },
  issuer: {
    flag: 'issuer',
    placeholder: 'url',
    help: 'The identity provider whose tokens are accepted: their "iss".',
    group: 'Tokens',
    reading: { kind: 'required', value: values.issuerUrl },
  },
  tokenAudience: {
    flag: 'token-audience',
    placeholder: 'name',
    help: 'The "aud" that tokens must have: the name of the API that hands out tickets.',
    group: 'Tokens',
    reading: { kind: 'required', value: values.name },
  },
  jwksUrl: {
    flag: 'jwks-url',
    placeholder: 'url',
    help: "Where the issuer's keys are.",
    group: 'Tokens',
    reading: { kind: 'nullable', value: values.keysUrl, without: 'by the discovery document of the issuer' },
  },
  algorithms: {
    flag: 'algorithm',
    placeholder: 'name',
    help: 'A signature algorithm that tokens may have.',
    group: 'Tokens',
    reading: { kind: 'list', value: values.algorithm, fallback: ['ES256', 'RS256'] },
  },
  tokenType: {
    flag: 'token-type',
    placeholder: 'name',
    help: 'The "typ" that tokens must have. Providers that do not follow RFC 9068 say JWT.',
    group: 'Tokens',
    reading: { kind: 'optional', value: values.name, fallback: 'at+jwt' },
  },
  audience: {
    flag: 'audience',
    placeholder: 'name',
    help: 'What this WebSocket service is called in tickets: a ticket for another one does not open it.',
    group: 'Tickets',
    reading: { kind: 'required', value: values.name },
  },
  store: {
    flag: 'store',
    placeholder: 'url',
    help: 'Where tickets are kept: memory: for one gateway alone, or an engine that several share, such as redis://redis.internal (docs/gateway.md). A URL with a password belongs in the environment variable: everybody on the machine can read arguments.',
    group: 'Tickets',
    reading: { kind: 'optional', value: values.storeUrl, fallback: 'memory:' },
  },
  ticketLifetimeMs: {
    flag: 'ticket-lifetime-ms',
    placeholder: 'milliseconds',
    help: 'How long a ticket is good, unless its token ends before.',
    group: 'Tickets',
    reading: { kind: 'optional', value: values.milliseconds, fallback: '30000' },
  },
  maximumTicketLifetimeMs: {
    flag: 'maximum-ticket-lifetime-ms',
    placeholder: 'milliseconds',
    help: 'The most that the lifetime may be. More than the default has to be said here, and is reported at start.',
    group: 'Tickets',
    reading: { kind: 'optional', value: values.milliseconds, fallback: '60000' },
  },
  lockPolicy: {
    flag: 'lock-policy',
    placeholder: 'policy',
    help: 'Whether every ticket has to be locked with a key that its client shows when it connects: optional or required. Clients made with wsticket/client lock theirs.',
    group: 'Tickets',
    reading: { kind: 'optional', value: values.oneOf('optional', 'required'), fallback: 'optional' },
  },
  sessionLifetimeMs: {
    flag: 'session-lifetime-ms',
    placeholder: 'milliseconds',
    help: 'How long a WebSocket may stay open, unless its token ends before, or its client renews it. Then it is closed with 4205.',
    group: 'Sessions',
    reading: { kind: 'nullable', value: values.milliseconds, without: 'until the token ends' },
  },
  maximumSessionAgeMs: {
    flag: 'maximum-session-age-ms',
    placeholder: 'milliseconds',
    help: 'How long a WebSocket may stay open, renewals included.',
    group: 'Sessions',
    reading: { kind: 'nullable', value: values.milliseconds, without: 'for as long as it is renewed' },
  },
  sessionGraceMs: {
    flag: 'session-grace-ms',
    placeholder: 'milliseconds',
    help: 'How long a WebSocket goes on behind the end of its session, for a client that renews late.',
    group: 'Sessions',
    reading: { kind: 'optional', value: values.millisecondsOrNone, fallback: '0' },
  },
  silenceMs: {
    flag: 'silence-ms',
    placeholder: 'milliseconds',
    help: 'How long no byte may come from the client of a WebSocket, pongs included, before it is closed with 4408. For an upstream that pings its clients: several times as long as it waits between two pings.',
    group: 'Sessions',
    reading: { kind: 'nullable', value: values.timerMilliseconds, without: 'as long as it likes' },
  },
  sessionsPerSubject: {
    flag: 'sessions-per-subject',
    placeholder: 'number',
    help: 'The most WebSockets of one subject that are open at this gateway, or at all with --session-directory on; or unlimited.',
    group: 'Sessions',
    reading: { kind: 'optional', value: values.countOf('sessions'), fallback: '100' },
  },
  sessionsInAll: {
    flag: 'sessions-in-all',
    placeholder: 'number',
    help: 'The most WebSockets that are open at this gateway, or at all with --session-directory on; or unlimited.',
    group: 'Sessions',
    reading: { kind: 'optional', value: values.countOf('sessions'), fallback: 'unlimited' },
  },
  sessionOverflow: {
    flag: 'session-overflow',
    placeholder: 'policy',
    help: 'Who yields where a subject has too many: the one that comes (refuse_new, with 429), or the one that is there for longest (end_oldest, with 4429). Where there are too many in all, the one that comes.',
    group: 'Sessions',
    reading: { kind: 'optional', value: values.oneOf('refuse_new', 'end_oldest'), fallback: 'refuse_new' },
  },
  sessionDirectory: {
    flag: 'session-directory',
    placeholder: 'on or off',
    help: 'Whether the gateways that share the store show each other who is on (sessions list), and count WebSockets over all of them. Each admission then tells the store who comes, and looks who else is there, unless both counts are unlimited.',
    group: 'Sessions',
    reading: { kind: 'optional', value: values.oneOf('on', 'off'), fallback: 'off' },
  },
  nodeName: {
    flag: 'node-name',
    placeholder: 'name',
    help: 'What this gateway is called in the directory of sessions: up to 48 letters, digits, _ and -.',
    group: 'Sessions',
    reading: { kind: 'nullable', value: values.nodeName, without: 'the name of the machine' },
  },
  reusePolicy: {
    flag: 'reuse-policy',
    placeholder: 'policy',
    help: 'What a spent ticket does that is presented again: report tells the audit, end_session also ends the session that the ticket opened. Then whoever gets hold of a spent ticket can end a session.',
    group: 'Sessions',
    reading: { kind: 'optional', value: values.oneOf('report', 'end_session'), fallback: 'report' },
  },
  drainWindowMs: {
    flag: 'drain-window-ms',
    placeholder: 'milliseconds',
    help: 'After SIGTERM or SIGINT: over how long the WebSockets are closed, with 1012, so that not everybody comes back at once. 0 for all at once.',
    group: 'Sessions',
    reading: { kind: 'optional', value: values.timerMillisecondsOrNone, fallback: '5000' },
  },
  drainDeadlineMs: {
    flag: 'drain-deadline-ms',
    placeholder: 'milliseconds',
    help: 'After SIGTERM or SIGINT: when WebSockets that are still open are cut. The process ends within two seconds after that.',
    group: 'Sessions',
    reading: { kind: 'optional', value: values.timerMilliseconds, fallback: '10000' },
  },
  origins: {
    flag: 'origin',
    placeholder: 'origin',
    help: 'An origin whose pages may ask for tickets and connect, exactly as a browser sends it: https://app.example. Required, unless authorization is the only carrier.',
    group: 'Who may connect',
    reading: { kind: 'list', value: values.origin, fallback: [] },
  },
  carriers: {
    flag: 'carrier',
    placeholder: 'name',
    help: 'Where tickets are looked for: subprotocol, authorization, query, cookie, message. A query stands in the access logs of proxies. With cookie, POST /tickets sets one for the pages that ask for it, and non-browser-clients cannot be any_carrier. With message a handshake without a ticket is accepted, and the first message decides; the upstream hears of it afterwards.',
    group: 'Who may connect',
    reading: {
      kind: 'list',
      value: values.oneOf('subprotocol', 'authorization', 'query', 'cookie', 'message'),
      fallback: ['subprotocol', 'authorization'],
    },
  },
  nonBrowserClients: {
    flag: 'non-browser-clients',
    placeholder: 'policy',
    help: 'Who may come without an Origin: authorization_carrier or any_carrier.',
    group: 'Who may connect',
    reading: {
      kind: 'optional',
      value: values.oneOf('authorization_carrier', 'any_carrier'),
      fallback: 'authorization_carrier',
    },
  },
  addressPolicy: {
    flag: 'address-policy',
    placeholder: 'policy',
    help: 'What the address of a client must share with the one that asked for the ticket: exact, prefix, report or off.',
    group: 'Who may connect',
    reading: { kind: 'optional', value: values.oneOf('exact', 'prefix', 'report', 'off'), fallback: 'prefix' },
  },
  addressPrefixIpv4: {
    flag: 'address-prefix-ipv4',
    placeholder: 'bits',
    help: 'What the policy prefix compares of an IPv4 address.',
    group: 'Who may connect',
    reading: { kind: 'optional', value: values.bits(32), fallback: '24' },
  },
  addressPrefixIpv6: {
    flag: 'address-prefix-ipv6',
    placeholder: 'bits',
    help: 'What the policy prefix compares of an IPv6 address.',
    group: 'Who may connect',
    reading: { kind: 'optional', value: values.bits(128), fallback: '56' },
  },
  ...limitOptions,
}

/** The environment variable of a flag. */
export function variableOf(flag: string): string {
  return `WSTICKET_${flag.toUpperCase().replaceAll('-', '_')}`
}
