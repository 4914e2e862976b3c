import { createServer, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { expect, it, onTestFinished } from 'vitest'
import { boundRequests } from 'wsticket/adapters/node'
import { connectRaw } from 'wsticket/testing/raw-client'

const request = 'GET / HTTP/1.1\r\nHost: a\r\n\r\n'

/** Sends this many requests at once to a server that answers when it is told to. */
async function pipeline(count: number) {
  const responses: ServerResponse[] = []
  const server = createServer(boundRequests((_, response) => void responses.push(response)))
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const client = await connectRaw(`http://127.0.0.1:${(server.address() as AddressInfo).port}`, { deadlineMs: 3000 })
  onTestFinished(async () => {
    client.reset()
    await new Promise((resolve) => server.close(resolve))
  })
  client.send(request.repeat(count))
  return { client, responses }
}

it('answers sixteen requests that came at once, and sixteen more on the same connection', async () => {
  const { client, responses } = await pipeline(16)
  for (const total of [16, 32]) {
    await expect.poll(() => responses.length).toBe(total)
    for (const response of responses.slice(-16)) response.end('ok')
    for (let at = 0; at < 16; at++) expect((await client.readResponse()).body).toBe('ok')
    client.send(request.repeat(16))
  }
})

it('closes a connection with more requests at once, and hands no more of them over', async () => {
  const { client, responses } = await pipeline(500)
  await client.closed
  expect(responses).toHaveLength(16)
})
