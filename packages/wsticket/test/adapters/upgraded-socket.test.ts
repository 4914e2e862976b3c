import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Socket } from 'node:net'
import { setTimeout as pause } from 'node:timers/promises'
import { describe, expect, it, onTestFinished } from 'vitest'
import { acceptance, UpgradedSocket } from '../../src/adapters/upgraded-socket.ts'

/** Both ends of a connection. Each may end before the other does. */
async function startConnection(): Promise<{ readonly client: Socket; readonly socket: Socket }> {
  const server = createServer({ allowHalfOpen: true, pauseOnConnect: true }).listen(0, '127.0.0.1')
  onTestFinished(() => void server.close())
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  const client = connect({ port, host: '127.0.0.1', allowHalfOpen: true })
  const [socket] = (await once(server, 'connection')) as [Socket]
  onTestFinished(() => {
    client.destroy()
    socket.destroy()
  })
  return { client, socket }
}

describe('the socket that is given once the first message has let somebody in', () => {
  it('gives all that the client has sent, also where our side has ended and the reader is slow', async () => {
    const { client, socket } = await startConnection()
    const upgraded = new UpgradedSocket(socket, null)
    upgraded.end(acceptance('dGhlIHNhbXBsZSBub25jZQ==', null))
    client.resume()
    await once(client, 'end')
    client.end(Buffer.alloc(200_000))
    let length = 0
    for await (const chunk of upgraded) {
      length += (chunk as Buffer).length
      await pause(5)
    }
    expect(length).toBe(200_000)
  })

  it('does not end the process by an error that nobody listens for, and closes the connection', async () => {
    const { client, socket } = await startConnection()
    const upgraded = new UpgradedSocket(socket, null)
    upgraded.destroy(new Error('of the application'))
    client.resume()
    await once(client, 'end')
    expect(socket.destroyed).toBe(true)
  })

  it('takes what libraries ask of a socket of the system', async () => {
    const { socket } = await startConnection()
    const upgraded = new UpgradedSocket(socket, null)
    expect(upgraded.setTimeout(1234).setNoDelay().setKeepAlive(true)).toBe(upgraded)
    expect(socket.timeout).toBe(1234)
  })
})
