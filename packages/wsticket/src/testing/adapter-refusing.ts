/**
 * Cases of the adapter suite: who is refused, how it looks on the wire, and what is left of it.
 * @module
 */
import { StoreError } from '../errors.ts'
import { generateKey, lockOfKey } from '../lock.ts'
import { generateTicket } from '../ticket.ts'
import type { RedeemOutcome } from '../ticket-store.ts'
import type { AdapterCase } from './adapter-harness.ts'
import { expectReached, expectRefused, expectState, open, presenting, send } from './adapter-moves.ts'
import { onStage, type Stage, type StageOptions } from './adapter-stage.ts'
import { expectSame, expectThat } from './conformance-case.ts'
import { headerOf, type RawClient } from './raw-client.ts'
import { withLines } from './raw-handshake.ts'
import { textFrame } from './websocket-frame.ts'

/** Ways to present no good ticket that must look alike. Each sends a handshake. */
const invalidTickets: { readonly [kind: string]: (stage: Stage) => Promise<RawClient> } = {
  unknown: (stage) => send(stage, presenting(stage, { ticket: generateTicket() })),
  malformed: async (stage) => send(stage, presenting(stage, { ticket: `${generateTicket()}A` as never })),
  'of another audience': async (stage) => send(stage, presenting(stage, await stage.issue({ audience: 'elsewhere' }))),
  'of another address': async (stage) =>
    send(stage, presenting(stage, await stage.issue({ clientAddress: '192.0.2.1' }))),
  'locked, and comes without its key': async (stage) =>
    send(stage, presenting(stage, await stage.issue({ lock: lockOfKey(generateKey()) }))),
  'locked, and comes with another key': async (stage) => {
    const issued = await stage.issue({ lock: lockOfKey(generateKey()) })
    return send(stage, presenting(stage, issued, { keys: [generateKey()] }))
  },
  'not locked, and comes with a key': async (stage) =>
    send(stage, presenting(stage, await stage.issue(), { keys: [generateKey()] })),
  spent: async (stage) => {
    const issued = await stage.issue()
    await (await send(stage, presenting(stage, issued))).readHead()
    return send(stage, presenting(stage, issued))
  },
  revoked: async (stage) => {
    const issued = await stage.issue()
    await stage.store.revoke(issued.id, issued.issuedAt)
    return send(stage, presenting(stage, issued))
  },
  expired: async (stage) => {
    const issued = await stage.issue()
    stage.advance(issued.expiresAt - issued.issuedAt)
    return send(stage, presenting(stage, issued))
  },
}

const looksAlike: AdapterCase = {
  name: 'answers every ticket that is no good with the same bytes',
  run: (harness) => {
    const policy = harness.lacks?.peer_address === undefined ? 'exact' : 'report'
    return onStage(harness, { addressPolicy: policy }, async (stage) => {
      const answers = new Map<string, string>()
      for (const [kind, present] of Object.entries(invalidTickets)) {
        if (policy === 'report' && kind === 'of another address') continue
        const { text } = await expectRefused(await present(stage), 401, 'invalid_ticket')
        answers.set(kind, text.replace(/^date:.*\r\n/im, ''))
      }
      const wanted = answers.get('unknown')
      for (const [kind, text] of answers) {
        expectThat(text === wanted, `the answer to a ticket that is ${kind} should be that to one that is unknown`)
      }
    })
  },
}

interface Refusal {
  readonly name: string
  readonly options?: StageOptions
  readonly status: number
  readonly code: string
  /** What becomes of the ticket that was presented. */
  readonly state: 'pending' | 'redeemed'
  readonly header?: string
  readonly failure?: () => Promise<RedeemOutcome>
  readonly presentsNothing?: true
}

const away = new StoreError('unavailable', 'the store is away')
const refusals: readonly Refusal[] = [
  {
    name: 'refuses a handshake without a ticket, and says what it wants',
    presentsNothing: true,
    status: 401,
    code: 'ticket_required',
    state: 'pending',
    header: 'www-authenticate',
  },
  {
    name: 'refuses whom the permission hook does not let in',
    options: { permit: () => false },
    status: 403,
    code: 'forbidden',
    state: 'redeemed',
  },
  {
    name: 'refuses where the permission hook throws',
    options: { permit: () => Promise.reject(new Error('no answer')) },
    status: 503,
    code: 'try_later',
    state: 'redeemed',
    header: 'retry-after',
  },
  {
    name: 'refuses where the store rejects',
    failure: () => Promise.reject(away),
    status: 503,
    code: 'try_later',
    state: 'pending',
    header: 'retry-after',
  },
  {
    name: 'refuses where the store throws',
    failure: () => {
      throw away
    },
    status: 503,
    code: 'try_later',
    state: 'pending',
    header: 'retry-after',
  },
  {
    name: 'refuses where the store rejects with nothing at all',
    failure: () => Promise.reject(undefined),
    status: 503,
    code: 'try_later',
    state: 'pending',
    header: 'retry-after',
  },
  {
    name: 'refuses where the store answers with nonsense',
    failure: () => Promise.resolve({ kind: 'redeemed' } as RedeemOutcome),
    status: 503,
    code: 'try_later',
    state: 'pending',
    header: 'retry-after',
  },
]

function refuses({ name, options = {}, status, code, state, header, failure, presentsNothing }: Refusal): AdapterCase {
  return {
    name,
    run: (harness) =>
      onStage(harness, options, async (stage) => {
        if (failure !== undefined) stage.store.breakDown(failure)
        const issued = await stage.issue()
        const handshake = presenting(stage, issued)
        const sent = presentsNothing ? withLines(handshake, 'Sec-WebSocket-Protocol') : handshake
        const client = await send(stage, sent, { frames: textFrame('too early') })
        const response = await expectRefused(client, status, code)
        if (header !== undefined) expectThat(headerOf(response, header) !== null, `there should be ${header}`)
        await expectState(stage, issued, state)
        expectReached(stage, 0)
      }),
  }
}

/** What an adapter does with those that are not let in. */
export const refusingCases: readonly AdapterCase[] = [
  looksAlike,
  ...refusals.map(refuses),
  {
    name: 'refuses the second presentation of a ticket, and leaves the first its WebSocket',
    run: (harness) =>
      onStage(harness, {}, async (stage) => {
        const issued = await stage.issue()
        const first = await send(stage, presenting(stage, issued))
        await first.readHead()
        const second = await send(stage, presenting(stage, issued), { frames: textFrame('mine') })
        await expectRefused(second, 401, 'invalid_ticket')
        expectReached(stage, 1)
        expectSame('the number of unread bytes of the first', first.unread(), 0)
      }),
  },
  {
    name: 'admits one of many that present one ticket at a time',
    run: (harness) =>
      onStage(harness, {}, async (stage) => {
        const issued = await stage.issue()
        const clients = await Promise.all(Array.from({ length: 16 }, () => send(stage, presenting(stage, issued))))
        const statuses = await Promise.all(clients.map(async (client) => (await client.readHead()).status))
        expectSame('the number of 101s', statuses.filter((status) => status === 101).length, 1)
        expectSame('the number of 401s', statuses.filter((status) => status === 401).length, 15)
        expectReached(stage, 1)
      }),
  },
  {
    name: 'gets its refusal across to a client that has sent much more',
    run: (harness) =>
      onStage(harness, {}, async (stage) => {
        const handshake = presenting(stage, { ticket: generateTicket() })
        await expectRefused(await send(stage, handshake, { frames: Buffer.alloc(256 * 1024) }), 401, 'invalid_ticket')
      }),
  },
  {
    name: 'ends a refused connection without a reset, though the client sends on after the answer',
    needs: ['lingering_close'],
    run: (harness) =>
      onStage(harness, {}, async (stage) => {
        const handshake = presenting(stage, { ticket: generateTicket() })
        const client = await send(stage, handshake, { client: { atServersEnd: 'keep' } })
        await expectRefused(client, 401, 'invalid_ticket')
        // More than the buffers of both kernels hold: somebody must read it.
        client.send(Buffer.alloc(16 * 1024 * 1024))
        client.finish()
        expectSame('how the connection ended', await client.closed, null)
      }),
  },
  {
    name: 'lets go of a refused client that never closes',
    run: (harness) =>
      onStage(harness, {}, async (stage) => {
        const handshake = presenting(stage, { ticket: generateTicket() })
        const client = await send(stage, handshake, { client: { atServersEnd: 'keep' } })
        await expectRefused(client, 401, 'invalid_ticket')
        await stage.stop()
      }),
  },
  {
    name: 'lets go of a refused client that goes on sending',
    run: (harness) =>
      onStage(harness, {}, async (stage) => {
        const handshake = presenting(stage, { ticket: generateTicket() })
        const client = await send(stage, handshake, { client: { atServersEnd: 'keep' } })
        const sending = setInterval(() => client.send(Buffer.alloc(1024)), 20)
        try {
          await expectRefused(client, 401, 'invalid_ticket')
          await stage.stop()
        } finally {
          clearInterval(sending)
        }
      }),
  },
  {
    name: 'leaves other WebSockets alone where one is refused',
    run: (harness) =>
      onStage(harness, {}, async (stage) => {
        const client = await open(stage)
        await expectRefused(await send(stage, presenting(stage, { ticket: generateTicket() })), 401, 'invalid_ticket')
        client.send(textFrame('still here'))
        expectSame('the message', (await client.readFrame()).payload.toString(), 'echo still here')
      }),
  },
]
