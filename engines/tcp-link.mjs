/**
 * A stretch of wire between two servers, which can be cut and mended. Knows nothing of what goes over it.
 * @module
 */
import { once } from 'node:events'
import { createConnection, createServer } from 'node:net'

/** @import { Socket } from 'node:net' */

/**
 * @typedef {object} TcpLink
 * @property {number} port where it begins, on 127.0.0.1
 * @property {() => void} cut nothing comes through any more, and nobody is told: what is sent waits, and is lost if its sender
 * dies meanwhile
 * @property {() => void} mend what waited goes through
 * @property {() => void} close
 */

/**
 * Opens a link to a port of 127.0.0.1.
 * @param {number} to
 * @returns {Promise<TcpLink>}
 */
export async function openTcpLink(to) {
  /** What waits at each socket for the other side. @type {Map<Socket, Buffer[]>} */
  const waiting = new Map()
  let isCut = false

  const carry = (/** @type {Socket} */ from, /** @type {Socket} */ into) => {
    waiting.set(from, [])
    from.on('data', (bytes) => (isCut ? waiting.get(from)?.push(bytes) : into.write(bytes)))
    // The other side hears of it by 'close'.
    from.on('error', () => {})
    from.on('close', () => {
      waiting.delete(from)
      into.destroy()
    })
    return () => {
      for (const bytes of waiting.get(from)?.splice(0) ?? []) into.write(bytes)
    }
  }

  /** @type {Set<() => void>} */
  const directions = new Set()
  const server = createServer({ noDelay: true }, (near) => {
    const far = createConnection({ port: to, host: '127.0.0.1', noDelay: true })
    for (const direction of [carry(near, far), carry(far, near)]) {
      directions.add(direction)
      near.on('close', () => directions.delete(direction))
    }
  })
  await once(server.listen(0, '127.0.0.1'), 'listening')
  const { port } = /** @type {import('node:net').AddressInfo} */ (server.address())
  return {
    port,
    cut() {
      isCut = true
    },
    mend() {
      isCut = false
      for (const handOn of directions) handOn()
    },
    close() {
      server.close()
      for (const socket of waiting.keys()) socket.destroy()
    },
  }
}
