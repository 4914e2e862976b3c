import { describe, expect, it } from 'vitest'
import { message } from '../../src/carriers/message.ts'

function left(...rawHeaders: readonly string[]): readonly string[] {
  return message.strip({ target: '/ws', rawHeaders }).rawHeaders
}

describe('the message carrier', () => {
  it('leaves the subprotocol that the 101 has selected, and no extension', () => {
    const offered = ['sec-websocket-protocol', 'wsticket.v1 ,\t chat.v2', 'Sec-WebSocket-Protocol', 'chat.v1']
    expect(left('Host', 'a', ...offered, 'Sec-WebSocket-EXTENSIONS', 'permessage-deflate')).toEqual([
      'Host',
      'a',
      'Sec-WebSocket-Protocol',
      'chat.v2',
    ])
  })

  it('leaves none where none was offered', () => {
    expect(left('Host', 'a')).toEqual(['Host', 'a'])
  })

  it('leaves lines alone whose names begin or end like those', () => {
    const strangers = ['X-Sec-WebSocket-Protocol', 'Sec-WebSocket-Protocols'].concat([
      'X-Sec-WebSocket-Extensions',
      'Sec-WebSocket-Extensions-X',
    ])
    const lines = strangers.flatMap((name) => [name, 'a'])
    expect(left(...lines)).toEqual(lines)
  })
})
