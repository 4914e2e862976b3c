/**
 * What hostile and healthy clients do alike: ask for a ticket, and open a WebSocket over bare TCP.
 * @module
 */
import { Agent, request } from 'node:http'

export const origin = 'https://app.example'
export const audience = 'chat'

const agent = new Agent({ keepAlive: true, maxSockets: 16, timeout: 60_000 })

/**
 * @param {number} port @param {string} token
 * @returns {Promise<string>} a ticket
 */
export function askForTicket(port, token) {
  const headers = { Authorization: `Bearer ${token}`, Origin: origin, 'Content-Length': 0 }
  return new Promise((resolve, reject) => {
    const asking = request(
      { host: '127.0.0.1', port, path: '/tickets', method: 'POST', agent, headers },
      (response) => {
        let body = ''
        response.setEncoding('utf8')
        response.on('data', (/** @type {string} */ chunk) => {
          body += chunk
        })
        response.on('error', reject)
        response.on('end', () => {
          if (response.statusCode === 201) resolve(JSON.parse(body).ticket)
          else reject(new Error(`a request for a ticket was answered with ${response.statusCode}`))
        })
      },
    )
    asking.on('error', reject)
    asking.end()
  })
}

/** @param {string} ticket @returns {string} the opening handshake that shows it */
export function handshakeOf(ticket) {
  return (
    `GET /ws HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nOrigin: ${origin}\r\n` +
    `Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Protocol: wsticket.v1, ${ticket}\r\n\r\n`
  )
}

/**
 * A frame as a client sends it (RFC 6455 section 5.2), masked with zeros.
 * @param {number} firstByte FIN and opcode @param {number} length of the payload, all zeros
 */
export function frameOf(firstByte, length) {
  const head = length < 126 ? [firstByte, 0x80 | length] : [firstByte, 0xfe, length >> 8, length & 0xff]
  return Buffer.concat([Buffer.from([...head, 0, 0, 0, 0]), Buffer.alloc(length)])
}
