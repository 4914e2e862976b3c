/**
 * Class C11: what a client with a good ticket sends once it is in (RFC 6455 sections 5 and 7), behind the handshake or with it.
 * @module
 */
import type { CorpusCase, CorpusClass } from '../corpus-class.ts'
import { frame } from '../frame-bytes.ts'

/**
 * Bytes, and what comes back.
 * - `echo`: the text `hello` that the bytes end with, so the WebSocket is in order.
 * - A close code: that close frame, and the end of the connection.
 */
export interface FramesCase extends CorpusCase {
  readonly verdict: 'echo' | '1000' | '1002' | '1005' | '1007' | '1009' | `${number}`
  /** As Latin-1. */
  readonly bytes: string
  /** Whether they come in one segment with the handshake. */
  readonly together: boolean
}

const [continuation, text, binary, close, ping, pong] = [0, 1, 2, 8, 9, 10] as const
const hello = frame({ opcode: text }, 'hello')

type Shape = readonly [name: string, verdict: FramesCase['verdict'], ...bytes: Buffer[]]

const reserved: readonly Shape[] = [
  ...[1, 2, 3, 4, 5, 6, 7].map((rsv): Shape => [`RSV bits ${rsv}`, '1002', frame({ opcode: text, rsv }, 'a')]),
  ...[3, 4, 5, 6, 7, 11, 12, 13, 14, 15].map(
    (opcode): Shape => [`the reserved opcode ${opcode}`, '1002', frame({ opcode }, 'a')],
  ),
]

const unmasked: readonly Shape[] = [text, binary, continuation, ping, pong, close].map(
  (opcode): Shape => [`an unmasked frame of opcode ${opcode}`, '1002', frame({ opcode, masked: false })],
)

const lengths: readonly Shape[] = [
  ['a length of 2^63', '1009', frame({ opcode: text, length: 2n ** 63n })],
  ['a length of 2^64 - 1', '1009', frame({ opcode: text, length: 2n ** 64n - 1n })],
  ['a length of 2^53', '1009', frame({ opcode: binary, length: 2n ** 53n })],
  ['a length of 2^32', '1009', frame({ opcode: binary, length: 2n ** 32n })],
  ['a length of 100 MiB', '1009', frame({ opcode: binary, length: 104_857_600n })],
  ['a length of 64 KiB and one', '1009', frame({ opcode: binary, length: 65_537n })],
  ['a length of 64 KiB and one, unmasked', '1002', frame({ opcode: binary, length: 65_537n, masked: false })],
  ['a ping of 126 bytes', '1002', frame({ opcode: ping }, 'a'.repeat(126))],
  ['a pong of 126 bytes', '1002', frame({ opcode: pong }, 'a'.repeat(126))],
  ['a close of 126 bytes', '1002', frame({ opcode: close }, 'a'.repeat(126))],
  ['a ping of 2^63 bytes', '1002', frame({ opcode: ping, length: 2n ** 63n })],
]

const fragments: readonly Shape[] = [
  ['a continuation of nothing', '1002', frame({ opcode: continuation }, 'a')],
  ['a text within a text', '1002', frame({ opcode: text, fin: false }, 'a'), frame({ opcode: text }, 'b')],
  ['a binary within a text', '1002', frame({ opcode: text, fin: false }, 'a'), frame({ opcode: binary }, 'b')],
  ['a ping in fragments', '1002', frame({ opcode: ping, fin: false }, 'a')],
  ['a close in fragments', '1002', frame({ opcode: close, fin: false })],
  [
    '65 fragments',
    '1008',
    ...Array.from({ length: 65 }, (_, at) => frame({ opcode: at === 0 ? text : continuation, fin: false }, 'a')),
  ],
  [
    '3,000 fragments',
    '1008',
    ...Array.from({ length: 3000 }, (_, at) => frame({ opcode: at === 0 ? text : continuation, fin: false }, 'a')),
  ],
  [
    '3,000 empty fragments',
    '1008',
    ...Array.from({ length: 3000 }, (_, at) => frame({ opcode: at === 0 ? binary : continuation, fin: false })),
  ],
  [
    'fragments of 96 KiB together',
    '1009',
    ...Array.from({ length: 3 }, (_, at) =>
      frame({ opcode: at === 0 ? binary : continuation, fin: false }, 'a'.repeat(32_768)),
    ),
  ],
]

const badTexts: readonly Shape[] = [
  ...[
    '80',
    'c0',
    'c080',
    'e08080',
    'f0808080',
    'eda080',
    'edbfbf',
    'f4908080',
    'f8',
    'fe',
    'ff',
    'c3',
    'e282',
    '68c3',
    'c328',
  ].map((hex): Shape => [`the text ${hex}`, '1007', frame({ opcode: text }, Buffer.from(hex, 'hex'))]),
  [
    'a text that is cut within a character',
    '1007',
    frame({ opcode: text, fin: false }, Buffer.from('c3', 'hex')),
    frame({ opcode: continuation }, Buffer.from('28', 'hex')),
  ],
]

function closing(code: number, reason: string | Buffer = ''): Buffer {
  const payload = Buffer.alloc(2)
  payload.writeUInt16BE(code)
  return frame({ opcode: close }, Buffer.concat([payload, Buffer.from(reason)]))
}

const closes: readonly Shape[] = [
  ...[0, 1, 999, 1004, 1005, 1006, 1015, 1016, 1100, 2000, 2999, 5000, 65_535].map(
    (code): Shape => [`the close code ${code}`, '1002', closing(code)],
  ),
  ...([1000, 1001, 1008, 1011, 3000, 4401, 4999] as const).map(
    (code): Shape => [`the close code ${code}`, `${code}`, closing(code, 'bye')],
  ),
  ['a close without a code', '1005', frame({ opcode: close })],
  ['a close of one byte', '1002', frame({ opcode: close }, 'a')],
  ['a reason that is no UTF-8', '1007', closing(1000, Buffer.from('c328', 'hex'))],
  ['a close with more behind it', '1000', closing(1000), hello, hello],
]

const compressed: readonly Shape[] = [
  [
    'a compressed frame that nobody agreed to',
    '1002',
    frame({ opcode: text, rsv: 4 }, Buffer.from('ca48cdc9c90700', 'hex')),
  ],
  [
    'a small bomb',
    '1002',
    frame({ opcode: binary, rsv: 4 }, Buffer.from('ecc1010d000000c2a0f74f6d0e37a00000000000000000000000', 'hex')),
  ],
]

const noFrames: readonly Shape[] = [
  ['another request', '1002', Buffer.from('GET /ws HTTP/1.1\r\nHost: ws.example\r\n\r\n')],
  ['zeros', '1002', Buffer.alloc(64)],
  ['ones', '1002', Buffer.alloc(64, 0xff)],
]

const good: readonly Shape[] = [
  ['a text', 'echo', hello],
  ['a ping before it', 'echo', frame({ opcode: ping }, 'a'), hello],
  ['an empty pong before it', 'echo', frame({ opcode: pong }), hello],
  [
    'a hundred pongs before it',
    'echo',
    ...Array.from({ length: 100 }, () => frame({ opcode: pong }, 'a'.repeat(125))),
    hello,
  ],
  [
    'a text in three fragments',
    'echo',
    frame({ opcode: text, fin: false }, 'he'),
    frame({ opcode: continuation, fin: false }, 'll'),
    frame({ opcode: continuation }, 'o'),
  ],
  [
    'a ping between fragments',
    'echo',
    frame({ opcode: text, fin: false }, 'hel'),
    frame({ opcode: ping }),
    frame({ opcode: continuation }, 'lo'),
  ],
  ['a length in more bytes than it needs', 'echo', frame({ opcode: text, lengthBytes: 8 }, 'hello')],
]

const shapes = [
  ...reserved,
  ...unmasked,
  ...lengths,
  ...fragments,
  ...badTexts,
  ...closes,
  ...compressed,
  ...noFrames,
  ...good,
]

/** What a client sends once it is in. */
export const frames: CorpusClass<FramesCase> = {
  name: 'frames',
  contents:
    'reserved bits and opcodes, no mask, lengths up to 2^64 - 1, 3,000 fragments, control frames beyond 125 bytes, close codes, broken UTF-8, compression, each behind the handshake and in one segment with it',
  playedOn: 'the adapter `ws` with `webSocketLimits`, directly and behind the gateway',
  good: ['echo', '1000', '1001', '1005', '1008', '1011', '3000', '4401', '4999'],
  cases: shapes.flatMap(([name, verdict, ...bytes]) =>
    [false, true].map((together) => ({
      name: `${name}, ${together ? 'with the handshake' : 'behind it'}`,
      verdict,
      bytes: Buffer.concat(bytes).toString('latin1'),
      together,
    })),
  ),
}
