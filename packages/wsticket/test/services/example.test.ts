import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { expect, it, onTestFinished } from 'vitest'
import { WebSocket } from 'ws'
import { createTicketWebSocket } from 'wsticket/client'
import { startIdentityProvider } from './identity-provider.ts'

/** A browser on the page of the application: `ws`, with the page's Origin. */
class PageWebSocket extends WebSocket {
  constructor(url: string, protocols?: string[]) {
    super(url, protocols, { origin: 'https://app.example' })
  }
}

/** Starts the program that the README shows, and returns where it listens. */
async function startExample(issuer: string): Promise<string> {
  const file = fileURLToPath(new URL('../../../../examples/one-process/server.mjs', import.meta.url))
  const environment = { ...process.env, ISSUER: issuer, PORT: '0' }
  const child = spawn(process.execPath, [file], { env: environment, stdio: ['ignore', 'pipe', 'inherit'] })
  onTestFinished(async () => {
    child.kill()
    await once(child, 'exit')
  })
  const [line] = await once(child.stdout.setEncoding('utf8'), 'data')
  return `127.0.0.1:${/\d+/.exec(String(line))?.[0]}`
}

it('lets a user of a real OpenID provider into the program that the README shows', async () => {
  const provider = await startIdentityProvider()
  onTestFinished(() => provider.stop())
  const host = await startExample(provider.issuer)
  const { access_token: accessToken } = await provider.signIn('alice')

  const TicketWebSocket = createTicketWebSocket({
    ticketUrl: `http://${host}/tickets`,
    credential: () => accessToken,
    WebSocket: PageWebSocket,
  })
  const socket = new TicketWebSocket(`ws://${host}/ws`)
  const message = await new Promise((resolve, reject) => {
    socket.onmessage = ({ data }) => resolve(data)
    socket.onclose = ({ code, reason }) => reject(new Error(`closed with ${code} ${reason}`))
  })
  socket.close()
  expect(message).toBe(`hello ${provider.issuer}#alice`)
})
