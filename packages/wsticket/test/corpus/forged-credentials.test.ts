import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { expect, it, onTestFinished } from 'vitest'
import { createIssuer, createTicketEndpoint, type EpochMs, type TicketRecord } from 'wsticket'
import { createRequestListener, serverLimits } from 'wsticket/adapters/node'
import { createJwtAuthenticator } from 'wsticket/credentials/jwt'
import { createMemoryStore } from 'wsticket/stores/memory'
import { forgedCredentials, signer } from 'wsticket-corpus/classes/forged-credentials'
import { complaintsOfCredentials } from 'wsticket-corpus/credentials-play'
import { audience, issuer, keySetOf, now } from 'wsticket-corpus/forge'
import { mostKeptBytes, watch } from 'wsticket-corpus/watch'

it('the ticket endpoint has a ticket for every good token, and the same answer for every other', async () => {
  const records: TicketRecord[] = []
  const clock = () => (now * 1000) as EpochMs
  const memory = createMemoryStore({ clock })
  const store = { ...memory, insert: async (record: TicketRecord) => void records.push(record) }
  const keys = keySetOf(signer)
  const endpoint = createTicketEndpoint({
    issuer: createIssuer({ store, audiences: ['chat'], ticketsPerSubject: 'unlimited', clock }),
    authenticate: createJwtAuthenticator({ issuer, audience, keys, algorithms: ['ES256'], clock }),
    origins: [],
    limits: { perAddress: 'unlimited', perSubject: 'unlimited' },
    clock,
  })
  const server = createServer(serverLimits, createRequestListener(endpoint))
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => void server.close())
  const { port } = server.address() as AddressInfo
  const { result, crashes, keptBytes } = await watch(() => complaintsOfCredentials(port))
  expect(result).toEqual([])
  expect(crashes).toEqual([])
  expect(keptBytes).toBeLessThan(mostKeptBytes)
  expect(records).toHaveLength(forgedCredentials.cases.filter(({ verdict }) => verdict === 'accepted').length)
}, 30_000)
