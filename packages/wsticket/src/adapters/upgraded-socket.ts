/**
 * A socket whose 101 is sent before it is known who comes: what is written on it later begins with an answer to the handshake, as on any
 * other, and that answer becomes what it now means. A 101 opens the way; anything else closes the WebSocket.
 * @module
 */
import { createHash } from 'node:crypto'
import { Socket } from 'node:net'
import { Duplex } from 'node:stream'
import { refusals } from '../refusals.ts'
import { type Closing, closeWebSocket } from './lingering-close.ts'

// RFC 6455 section 4.2.2, step 5.4.
const guid = '258EAFA5-E914-47DA-95CA-C5AB0DC85B11'

/** The head of a 101 that selects no extension. */
export function acceptance(key: string, protocol: string | null): string {
  const accept = createHash('sha1').update(`${key}${guid}`).digest('base64')
  const selected = protocol === null ? '' : `Sec-WebSocket-Protocol: ${protocol}\r\n`
  return `HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: ${accept}\r\n${selected}\r\n`
}

/** What a later answer to the handshake makes of the WebSocket; null where it agrees with the 101 that was sent. */
function closingFor(head: string, protocol: string | null): Closing | null {
  const status = Number(head.split(' ', 2)[1])
  if (status === 101) {
    const selected = /^sec-websocket-protocol:[ \t]*(.*?)[ \t]*$/im.exec(head)?.[1] ?? null
    return selected === protocol ? null : refusals.handshake_malformed
  }
  if (status === 502 || status === 504) return { closeCode: 1014, publicCode: 'upstream_unavailable' }
  if (status >= 500) return refusals.store_unavailable
  return status === 400 ? refusals.handshake_malformed : refusals.permission_denied
}

const endOfHead = '\r\n\r\n'
const noBytes = Buffer.alloc(0)

type Done = (error?: Error | null) => void

/** The socket that an application is given once the first message has let it in. */
export class UpgradedSocket extends Duplex {
  readonly #socket: Duplex
  readonly #protocol: string | null
  /** The head of the answer as far as it is written; null once it is whole. */
  #head: string | null = ''
  #isClosing = false
  #bytesRead = 0

  /** @param protocol that the 101 has selected */
  constructor(socket: Duplex, protocol: string | null) {
    super({ allowHalfOpen: true })
    this.#socket = socket
    this.#protocol = protocol
    socket.on('data', (chunk: Buffer) => {
      this.#bytesRead += chunk.length
      if (!this.#isClosing && !this.push(chunk)) socket.pause()
    })
    socket.on('end', () => this.push(null))
    // After its end there may be something left to read.
    socket.on('close', () => {
      if (!socket.readableEnded) this.destroy()
    })
    // As those of the socket itself: whoever hears of them may listen, too.
    this.on('error', () => this.destroy())
    socket.pause()
  }

  /** As `net.Socket` has it. */
  get bytesRead(): number {
    return this.#bytesRead
  }

  /** As `net.Socket` has it: libraries call it without asking. */
  setTimeout(timeoutMs: number): this {
    if (this.#socket instanceof Socket) this.#socket.setTimeout(timeoutMs)
    return this
  }

  setNoDelay(noDelay = true): this {
    if (this.#socket instanceof Socket) this.#socket.setNoDelay(noDelay)
    return this
  }

  setKeepAlive(isOn = false, initialDelayMs = 0): this {
    if (this.#socket instanceof Socket) this.#socket.setKeepAlive(isOn, initialDelayMs)
    return this
  }

  override _read(): void {
    this.#socket.resume()
  }

  override _write(chunk: Buffer, _encoding: BufferEncoding, done: Done): void {
    if (this.#isClosing) done()
    else if (this.#head === null) this.#pass(chunk, done)
    else this.#pass(this.#answer(this.#head + chunk.toString('latin1')), done)
  }

  override _final(done: Done): void {
    if (this.#isClosing || this.#socket.destroyed) done()
    else this.#socket.end(() => done())
  }

  /** A WebSocket that is being closed is left to its own deadline, so that no reset overtakes the close frame. */
  override _destroy(error: Error | null, done: Done): void {
    if (!this.#isClosing) this.#socket.destroy()
    done(error)
  }

  /** Acts on what is written of the head of the answer, once it is whole. Returns what stands behind it. */
  #answer(text: string): Buffer {
    const end = text.indexOf(endOfHead)
    this.#head = end < 0 ? text : null
    if (end < 0) return noBytes
    const closing = closingFor(text.slice(0, end), this.#protocol)
    if (closing === null) return Buffer.from(text.slice(end + endOfHead.length), 'latin1')
    this.#isClosing = true
    closeWebSocket(this.#socket, closing)
    return noBytes
  }

  #pass(chunk: Buffer, done: Done): void {
    if (chunk.length === 0 || this.#socket.destroyed) done()
    else this.#socket.write(chunk, () => done())
  }
}
