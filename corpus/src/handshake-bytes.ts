/**
 * Single bytes where they do not belong (RFC 9110 section 5, RFC 3986 section 3), and where they do.
 * @module
 */
import { type HandshakeCase, handshakeCase } from './handshake-case.ts'

const shown = (byte: number) => `0x${byte.toString(16).padStart(2, '0')}`
const range = (from: number, to: number) => Array.from({ length: to - from + 1 }, (_, at) => from + at)

const controls = [...range(0x00, 0x08), ...range(0x0a, 0x1f), 0x7f]

const inValues = [
  ...controls.map((byte) =>
    handshakeCase(`${shown(byte)} in a value`, 'rejected', {
      lines: { more: `X-Any: a${String.fromCharCode(byte)}b` },
      finishes: true,
    }),
  ),
  ...[0x09, 0x21, 0x7e, 0x80, 0x85, 0xa0, 0xff].map((byte) =>
    handshakeCase(`${shown(byte)} in a value`, 'admitted', {
      lines: { more: `X-Any: a${String.fromCharCode(byte)}b` },
    }),
  ),
]

const separators = Array.from('"(),/;<=>?@[\\]{} \t', (character) => character.charCodeAt(0))

const inNames = [
  ...[...separators, 0x00, 0x01, 0x0b, 0x1f, 0x7f, 0x80, 0xa0, 0xe9, 0xff].map((byte) =>
    handshakeCase(`${shown(byte)} in a name`, 'rejected', {
      lines: { more: `X${String.fromCharCode(byte)}Any: a` },
      finishes: true,
    }),
  ),
  ...Array.from("!#$%&'*+-.^_`|~0a", (character) =>
    handshakeCase(`${character} in a name`, 'admitted', { lines: { more: `X${character}Any: a` } }),
  ),
  handshakeCase('an empty name', 'rejected', { lines: { more: ': a' }, finishes: true }),
]

const inTargets = [
  ...[...controls, 0x09, 0x20, 0x23, 0x5c, 0x80, 0x85, 0xa0, 0xc3, 0xe9, 0xff].map((byte) =>
    handshakeCase(`${shown(byte)} in the target`, 'rejected', {
      requestLine: `GET /ws?a=${String.fromCharCode(byte)}b HTTP/1.1`,
      finishes: true,
    }),
  ),
  handshakeCase('every character that a query may have', 'admitted', {
    requestLine: "GET /ws?a=-._~!$&'()*+,;=:@/?%20 HTTP/1.1",
  }),
  handshakeCase('characters that browsers do not encode in a query', 'admitted', {
    requestLine: 'GET /ws?a="[]^`{|} HTTP/1.1',
  }),
]

/** Every byte. */
export const byteCases: readonly HandshakeCase[] = [...inValues, ...inNames, ...inTargets]
