/**
 * Request lines (RFC 9112 section 3): methods, targets and versions that open no WebSocket, and those that do.
 * @module
 */
import { type HandshakeCase, type HandshakeVerdict, handshakeCase } from './handshake-case.ts'

function lineCases(verdict: HandshakeVerdict, requestLines: readonly string[]): readonly HandshakeCase[] {
  return requestLines.map((requestLine) =>
    handshakeCase(`the request line ${JSON.stringify(requestLine)}`, verdict, { requestLine }),
  )
}

const methods = lineCases(
  'bad_request',
  ['POST', 'PUT', 'DELETE', 'HEAD', 'OPTIONS', 'PATCH', 'TRACE', 'PROPFIND', 'M-SEARCH', 'PURGE', 'MKCOL'].map(
    (method) => `${method} /ws HTTP/1.1`,
  ),
)

const noMethods = lineCases(
  'rejected',
  ['CONNECT', 'get', 'Get', 'GETX', 'G', 'PRI', 'GET\t', 'GE T', '', '\u0000GET', 'G\u00c9T', '"GET"', 'GET:'].map(
    (method) => `${method} /ws HTTP/1.1`,
  ),
)

const versions = lineCases('rejected', [
  ...['HTTP/0.9', 'HTTP/1.0', 'HTTP/1.2', 'HTTP/1.10', 'HTTP/1.01', 'HTTP/2.0', 'HTTP/2', 'HTTP/3.0', 'HTTP/9.9'].map(
    (version) => `GET /ws ${version}`,
  ),
  ...[
    'HTTP/11',
    'http/1.1',
    'HTTP/1,1',
    'HTTP /1.1',
    'HTTP/ 1.1',
    'HTTP/-1.1',
    'HTTP/+1.1',
    'HTTP/1.1.1',
    'HTTPS/1.1',
  ].map((version) => `GET /ws ${version}`),
  ...['ICE/1.0', 'RTSP/1.0', 'HTTP', 'HTTP/', 'HTTP/a.b', 'WS/1.1', 'HTTP/1.1 x', 'HTTP/1.1\u0000', 'HTTP/1.1;'].map(
    (version) => `GET /ws ${version}`,
  ),
  'GET /ws',
  'GET',
  '/ws HTTP/1.1',
])

const spacing = [
  ...lineCases('rejected', ['GET\t/ws\tHTTP/1.1', ' GET /ws HTTP/1.1', 'GET/wsHTTP/1.1', 'GET /ws\u00a0HTTP/1.1']),
  // RFC 9112 section 2.2: a server should ignore at least one empty line before the request.
  ...lineCases('admitted', ['\r\nGET /ws HTTP/1.1']),
]

const noPaths = lineCases(
  'bad_request',
  [
    ...['//', '//ws', '///ws', '//evil.example/ws', '/\\ws', '/\\evil.example', '/ws\\', '/ws?a=\\', '*'],
    ...['/ws#', '/ws#top', '/ws?a#b', 'http://ws.example/ws', 'HTTP://ws.example/ws', 'https://ws.example/ws'],
    ...['ws://ws.example/ws', 'file:///ws', 'http://a@ws.example/ws', 'http://ws.example', '*?ticket=TICKET'],
  ].map((target) => `GET ${target} HTTP/1.1`),
)

const noTargets = lineCases(
  'rejected',
  [
    ...[
      '\\ws',
      '\\\\ws',
      'ws',
      './ws',
      '?ws',
      '#',
      'ws.example:80',
      'user@ws.example',
      '/ws /ws',
      'http://[',
      'http://',
    ],
    ...['http:///ws', 'http:/ws', 'javascript:0', 'http://ws.example:99999/ws', '<ws>', '/ws\u007f', '""'],
  ].map((target) => `GET ${target} HTTP/1.1`),
)

const otherPaths = lineCases(
  'rejected',
  ['/other', '/WS', '/ws/', '/ws/x', '/%77s', '/ws%00', '/./ws', '/x/../ws', '/ws;a=b', '/ws%3Fa', '/%2Fws', '/'].map(
    (target) => `GET ${target} HTTP/1.1`,
  ),
)

const goodTargets = lineCases(
  'admitted',
  ['/ws', '/ws?', '/ws??', '/ws?a=b', '/ws?a=%00', '/ws?//evil.example', '/ws?a=b&a=c', `/ws?${'a'.repeat(2000)}`].map(
    (target) => `GET ${target} HTTP/1.1`,
  ),
)

/** Every request line. */
export const requestLineCases: readonly HandshakeCase[] = [
  ...methods,
  ...noMethods,
  ...versions,
  ...spacing,
  ...noPaths,
  ...noTargets,
  ...otherPaths,
  ...goodTargets,
]
