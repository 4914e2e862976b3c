/**
 * Cases of the adapter suite: who is let in, and from where.
 * @module
 */
import type { CarrierName } from '../carrier.ts'
import { subjectOf } from '../credential.ts'
import type { AdapterCase } from './adapter-harness.ts'
import {
  expectAdmitted,
  expectEcho,
  expectReached,
  expectRefused,
  expectState,
  presenting,
  selectedProtocol,
  send,
} from './adapter-moves.ts'
import { audience, identity, onStage, origin } from './adapter-stage.ts'
import { expectSame } from './conformance-case.ts'
import { serialize } from './raw-handshake.ts'

const carriers: readonly CarrierName[] = ['subprotocol', 'authorization', 'query', 'cookie']

function admitsBy(carrier: CarrierName): AdapterCase {
  return {
    name: `admits a ticket by the carrier ${carrier}, and says whose it is`,
    run: (harness) =>
      onStage(harness, { carriers }, async (stage) => {
        const issued = await stage.issue()
        const client = await send(stage, presenting(stage, issued, { carrier }))
        const response = await expectAdmitted(client)
        expectSame('the subprotocol', selectedProtocol(response), carrier === 'subprotocol' ? 'wsticket.v1' : null)
        await expectEcho(client)
        expectReached(stage, 1, 1)
        const { session } = stage.connections[0] as (typeof stage.connections)[number]
        expectSame('the id of the session', session.id, issued.id)
        expectSame('its subject', session.subject, subjectOf(identity))
        expectSame('its audience', session.audience, audience)
        expectSame('its claim', session.claims.plan, 'pro')
        expectSame('its origin', session.origin, carrier === 'authorization' ? null : origin)
        await expectState(stage, issued, 'redeemed')
      }),
  }
}

function refusesOrigin(described: string, value: string | null, status: 400 | 403 = 403): AdapterCase {
  return {
    name: `refuses ${described}, and spends no ticket`,
    run: (harness) =>
      onStage(harness, {}, async (stage) => {
        const issued = await stage.issue()
        const client = await send(stage, presenting(stage, issued, { origin: value }))
        await expectRefused(client, status, status === 403 ? 'forbidden' : 'bad_request')
        await expectState(stage, issued, 'pending')
        expectReached(stage, 0)
      }),
  }
}

/** What an adapter does with good tickets, and with origins. */
export const admittingCases: readonly AdapterCase[] = [
  ...carriers.map(admitsBy),
  {
    name: 'does not look for a ticket in the query unless told to',
    run: (harness) =>
      onStage(harness, {}, async (stage) => {
        const issued = await stage.issue()
        const client = await send(stage, presenting(stage, issued, { carrier: 'query' }))
        await expectRefused(client, 401, 'ticket_required')
        await expectState(stage, issued, 'pending')
      }),
  },
  {
    name: 'admits a handshake that arrives byte by byte',
    run: (harness) =>
      onStage(harness, {}, async (stage) => {
        const client = await stage.connect()
        for (const byte of serialize(presenting(stage, await stage.issue()))) client.send(byte)
        await expectAdmitted(client)
        await expectEcho(client)
      }),
  },
  {
    name: 'tells admission the address of the peer',
    needs: ['peer_address'],
    run: (harness) =>
      onStage(harness, { addressPolicy: 'exact' }, async (stage) => {
        await expectAdmitted(await send(stage, presenting(stage, await stage.issue())))
        expectSame('the address of the session', stage.connections[0]?.session.clientAddress, '127.0.0.1')
      }),
  },
  {
    name: 'believes the X-Forwarded-For of a listed proxy',
    needs: ['peer_address'],
    run: (harness) =>
      onStage(harness, { addressPolicy: 'exact', trustedProxies: ['127.0.0.1'] }, async (stage) => {
        const issued = await stage.issue({ clientAddress: '192.0.2.7' })
        const lines = ['X-Forwarded-For: 203.0.113.9', 'X-Forwarded-For: 192.0.2.7']
        await expectAdmitted(await send(stage, presenting(stage, issued, { lines })))
      }),
  },
  {
    name: 'keeps two services of one process apart',
    run: (harness) =>
      onStage(harness, {}, (stage) =>
        onStage(harness, { audience: 'elsewhere', store: stage.store }, async (other) => {
          const [here, there] = [await stage.issue(), await other.issue({ audience: 'elsewhere' })]
          await expectAdmitted(await send(other, presenting(other, there)))
          await expectRefused(await send(other, presenting(other, here)), 401, 'invalid_ticket')
          expectReached(stage, 0)
          expectReached(other, 1)
        }),
      ),
  },
  refusesOrigin('a foreign origin', 'https://evil.example'),
  refusesOrigin('a handshake without an origin', null),
  refusesOrigin('the origin null', 'null'),
  refusesOrigin('an empty origin', ''),
  refusesOrigin('the listed origin with a slash behind it', `${origin}/`),
  refusesOrigin('the listed origin with another port', `${origin}:8443`),
  refusesOrigin('the listed origin with another scheme', origin.replace('https', 'http')),
  refusesOrigin('an origin that begins with the listed one', `${origin}.evil.example`),
  refusesOrigin('two origins in one line', `${origin}, ${origin}`),
  { ...refusesOrigin('two lines of Origin', `${origin}\r\nOrigin: ${origin}`, 400), needs: ['raw_headers'] },
  {
    name: 'refuses a foreign origin with the carrier authorization, too',
    run: (harness) =>
      onStage(harness, {}, async (stage) => {
        const how = { carrier: 'authorization', origin: 'https://evil.example' } as const
        await expectRefused(await send(stage, presenting(stage, await stage.issue(), how)), 403, 'forbidden')
      }),
  },
]
