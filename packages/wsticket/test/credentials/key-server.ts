/**
 * A server of key sets on loopback, which can be made to fail in many ways.
 * @module
 */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'

/** Answers a request. */
export type Answer = (request: IncomingMessage, response: ServerResponse) => void

/** A server, and how often it was asked. */
export interface KeyServer {
  readonly url: URL
  readonly hits: number
  /** The next requests get this, as JSON. */
  publish(value: unknown): void
  /** The next requests get whatever this does. */
  answer(answer: Answer): void
  close(): Promise<void>
}

/** Starts a server that has no keys. */
export async function createKeyServer(): Promise<KeyServer> {
  let hits = 0
  let answer: Answer = (_, response) => response.writeHead(404).end()
  const server = createServer((request, response) => {
    hits++
    answer(request, response)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    url: new URL(`http://127.0.0.1:${(server.address() as AddressInfo).port}/jwks`),
    get hits() {
      return hits
    },
    publish(value) {
      answer = (_, response) => response.end(JSON.stringify(value))
    },
    answer(newAnswer) {
      answer = newAnswer
    },
    async close() {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}
