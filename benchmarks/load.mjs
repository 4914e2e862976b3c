/**
 * Load, over raw TCP so that it costs little: opening handshakes, and POSTs on connections kept alive. Bounded in count, and
 * every answer is checked.
 * @module
 */
import { connect } from 'node:net'

const inFlight = 64

/**
 * Runs a load without ever going to sleep: waking a process that waits on another core costs the writer, which is the server,
 * more than the write, and the slower server pays more often. A generator that is always awake costs both sides the same.
 */
async function awake(load) {
  let done = false
  const spin = () => done || setImmediate(spin)
  spin()
  try {
    return await load
  } finally {
    done = true
  }
}
// A masked close frame with code 1000 (RFC 6455 section 5.5.1), mask 0.
const closeFrame = Buffer.from([0x88, 0x82, 0, 0, 0, 0, 0x03, 0xe8])

/**
 * Opens and closes one WebSocket for each text, 64 at a time.
 * @param {number} port
 * @param {string[]} tickets an empty text offers no subprotocol
 */
export function openWebSockets(port, tickets) {
  return awake(eachInFlight(tickets, (ticket) => openWebSocket(port, ticket)))
}

function openWebSocket(port, ticket) {
  const offered = ticket === '' ? '' : `Sec-WebSocket-Protocol: wsticket.v1, ${ticket}\r\n`
  return new Promise((resolve, reject) => {
    const socket = connect({ port, host: '127.0.0.1', noDelay: true })
    socket.write(
      `GET /ws HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\nConnection: Upgrade\r\nPragma: no-cache\r\nCache-Control: no-cache\r\n` +
        'User-Agent: Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/156.0.0.0 Safari/537.36\r\n' +
        'Upgrade: websocket\r\nOrigin: https://app.example\r\nSec-WebSocket-Version: 13\r\nAccept-Encoding: gzip, deflate, br\r\n' +
        `Accept-Language: en-GB,en;q=0.9\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n${offered}\r\n`,
    )
    let opened = false
    socket.on('data', (chunk) => {
      if (opened) return
      opened = true
      const selects = chunk.includes('Sec-WebSocket-Protocol: wsticket.v1')
      if (chunk.subarray(9, 12).toString('latin1') !== '101' || selects !== (ticket !== '')) {
        reject(new Error('an opening handshake was refused, or answered as if it had no ticket'))
      }
      socket.write(closeFrame)
    })
    socket.on('end', () => socket.end())
    socket.on('close', () => (opened ? resolve() : reject(new Error('a connection was closed before its 101'))))
    socket.on('error', reject)
  })
}

/**
 * Sends one POST for each token, over 64 connections that are kept alive.
 * @param {number} port
 * @param {string[]} tokens
 */
export async function postTokens(port, tokens) {
  const connections = Array.from({ length: inFlight }, () => keepAlive(port))
  let next = 0
  const each = connections.map(async ({ post, end }) => {
    while (next < tokens.length) await post(tokens[next++])
    end()
  })
  await awake(Promise.all(each))
}

function keepAlive(port) {
  const socket = connect({ port, host: '127.0.0.1', noDelay: true })
  let settle = null
  let received = ''
  socket.setEncoding('latin1')
  socket.on('error', (error) => settle?.reject(error))
  socket.on('data', (chunk) => {
    received += chunk
    const length = /\r\ncontent-length: (\d+)\r\n/i.exec(received)?.[1]
    const bodyAt = received.indexOf('\r\n\r\n') + 4
    if (length === undefined || bodyAt < 4 || received.length < bodyAt + Number(length)) return
    const good = received.startsWith('HTTP/1.1 201 ')
    received = ''
    if (good) settle.resolve()
    else settle.reject(new Error('a request for a ticket was refused'))
  })
  return {
    end: () => socket.end(),
    post: (token) =>
      new Promise((resolve, reject) => {
        settle = { resolve, reject }
        socket.write(
          `POST /tickets HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\nConnection: keep-alive\r\nContent-Length: 0\r\n` +
            'User-Agent: Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/156.0.0.0 Safari/537.36\r\n' +
            `Authorization: Bearer ${token}\r\nOrigin: https://app.example\r\nAccept: */*\r\nAccept-Encoding: gzip, deflate, br\r\n` +
            'Accept-Language: en-GB,en;q=0.9\r\n\r\n',
        )
      }),
  }
}

async function eachInFlight(items, act) {
  let next = 0
  await Promise.all(
    Array.from({ length: inFlight }, async () => {
      while (next < items.length) await act(items[next++])
    }),
  )
}
