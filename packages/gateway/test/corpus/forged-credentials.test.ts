import { expect, it } from 'vitest'
import type { Authenticate, EpochMs } from 'wsticket'
import { createJwtAuthenticator } from 'wsticket/credentials/jwt'
import { forgedCredentials, signer } from 'wsticket-corpus/classes/forged-credentials'
import { complaintsOfCredentials } from 'wsticket-corpus/credentials-play'
import { audience, issuer, keySetOf, now } from 'wsticket-corpus/forge'
import { mostKeptBytes, watch } from 'wsticket-corpus/watch'
import { startGateway } from '../gateway-under-test.ts'

const verify = createJwtAuthenticator({
  issuer,
  audience,
  keys: keySetOf(signer),
  algorithms: ['ES256'],
  clock: () => (now * 1000) as EpochMs,
})

/** The clock of the gateway's issuer is the machine's, by which these tokens may have ended. */
const authenticate: Authenticate = async (request) => {
  const identity = await verify(request)
  return typeof identity === 'string' ? identity : { ...identity, expiresAt: null }
}

it('the gateway has a ticket for every good token, and the same answer for every other', async () => {
  const gateway = await startGateway('ws://127.0.0.1:1', ['--tickets-per-subject=unlimited'], { authenticate })
  const { result, crashes, keptBytes } = await watch(() => complaintsOfCredentials(gateway.port))
  expect(result).toEqual([])
  expect(crashes).toEqual([])
  expect(keptBytes).toBeLessThan(mostKeptBytes)
  const issued = gateway.events.filter(({ type }) => type === 'ticket_issued')
  expect(issued).toHaveLength(forgedCredentials.cases.filter(({ verdict }) => verdict === 'accepted').length)
}, 30_000)
