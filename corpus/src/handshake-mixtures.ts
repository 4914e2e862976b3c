/**
 * Two faults at a time, drawn from a seed: one must not hide the other.
 * @module
 */
import { type Difference, type HandshakeCase, handshakeCase } from './handshake-case.ts'
import { createSeededRandom } from './seeded-random.ts'

type Fault = readonly [name: string, difference: Difference]

const requestFaults: readonly [Fault, ...Fault[]] = [
  ['POST', { requestLine: 'POST /ws HTTP/1.1' }],
  ['HEAD', { requestLine: 'HEAD /ws HTTP/1.1' }],
  ['HTTP/1.0', { requestLine: 'GET /ws HTTP/1.0' }],
  ['//', { requestLine: 'GET // HTTP/1.1' }],
  ['an absolute target', { requestLine: 'GET http://ws.example/ws HTTP/1.1' }],
  ['a fragment', { requestLine: 'GET /ws#a HTTP/1.1' }],
]

const lineFaults: readonly [Fault, ...Fault[]] = [
  ['version 8', { lines: { version: 'Sec-WebSocket-Version: 8' } }],
  ['no version', { lines: { version: [] } }],
  ['a short key', { lines: { key: 'Sec-WebSocket-Key: AAAA' } }],
  ['no key', { lines: { key: [] } }],
  ['two Hosts', { lines: { host: ['Host: ws.example', 'Host: evil.example'] } }],
  ['two Origins', { lines: { origin: ['Origin: https://app.example', 'Origin: https://app.example'] } }],
  ['a foreign Origin', { lines: { origin: 'Origin: https://evil.example' } }],
  ['h2c beside websocket', { lines: { upgrade: 'Upgrade: h2c, websocket' } }],
  ['no Upgrade in Connection', { lines: { connection: 'Connection: keep-alive' } }],
  ['a length', { lines: { length: 'Content-Length: 4' }, behind: 'body' }],
  ['chunks', { lines: { coding: 'Transfer-Encoding: chunked' }, behind: '0\r\n\r\n' }],
  ['the ticket twice', { lines: { protocol: 'Sec-WebSocket-Protocol: wsticket.v1, TICKET, TICKET' } }],
  ['too many lines', { lines: { junk: Array.from({ length: 120 }, () => 'X-Junk: 1') } }],
]

const seed = 0x5eed0010
const mixtures = 60

function draw(): readonly HandshakeCase[] {
  const random = createSeededRandom(seed)
  const drawn = new Map<string, HandshakeCase>()
  while (drawn.size < mixtures) {
    const [one, other] = [random.pick([...requestFaults, ...lineFaults]), random.pick(lineFaults)]
    if (one === other) continue
    const name = `${one[0]}, and ${other[0]}`
    const lines = { ...one[1].lines, ...other[1].lines }
    const difference = { ...one[1], ...other[1], lines }
    drawn.set(name, handshakeCase(name, 'rejected', difference))
  }
  return [...drawn.values()]
}

/** The mixtures. */
export const mixedCases: readonly HandshakeCase[] = draw()
