/**
 * Cases of the adapter suite: locked tickets, and their keys.
 * @module
 */
import type { CarrierName } from '../carrier.ts'
import { generateKey, type Key, lockOfKey } from '../lock.ts'
import type { AdapterCase } from './adapter-harness.ts'
import {
  expectAdmitted,
  expectReached,
  expectRefused,
  expectSecretless,
  expectState,
  type Presentation,
  presenting,
  selectedProtocol,
  send,
} from './adapter-moves.ts'
import { onStage, type StageOptions } from './adapter-stage.ts'
import { expectSame, expectThat } from './conformance-case.ts'
import { withLines } from './raw-handshake.ts'

const carriers: readonly CarrierName[] = ['subprotocol', 'authorization', 'query', 'cookie']

function admitsBy(carrier: CarrierName): AdapterCase {
  return {
    name: `admits a locked ticket with its key by the carrier ${carrier}, and shows the application neither`,
    run: (harness) =>
      onStage(harness, { carriers, lockPolicy: 'required' }, async (stage) => {
        const key = generateKey()
        const issued = await stage.issue({ lock: lockOfKey(key) })
        const response = await expectAdmitted(await send(stage, presenting(stage, issued, { carrier, keys: [key] })))
        expectThat(!/ws[tk]_/.test(response.text), 'the 101 should show neither ticket nor key')
        const [view] = stage.connections
        expectThat(view !== undefined, 'the application should get the WebSocket')
        expectSecretless(view)
        expectSame('the target that it sees', view.target, new URL(stage.server.wsUrl).pathname)
      }),
  }
}

interface Mismatch {
  /** Completes "refuses ". */
  readonly name: string
  readonly options?: StageOptions
  /** Whether the ticket is locked. */
  readonly isLocked: boolean
  /** What is shown, given the key of the lock that there is or is not. */
  readonly shown: (key: Key) => NonNullable<Presentation['keys']>
}

const mismatches: readonly Mismatch[] = [
  { name: 'a locked ticket without its key', isLocked: true, shown: () => [] },
  { name: 'a locked ticket with the key of another', isLocked: true, shown: () => [generateKey()] },
  { name: 'a ticket without a lock that comes with a key', isLocked: false, shown: (key) => [key] },
  {
    name: 'a ticket without a lock where every ticket has to be locked',
    options: { lockPolicy: 'required' },
    isLocked: false,
    shown: () => [],
  },
]

function refuses({ name, options = {}, isLocked, shown }: Mismatch): AdapterCase {
  return {
    name: `refuses ${name}, and the ticket is spent`,
    run: (harness) =>
      onStage(harness, options, async (stage) => {
        const key = generateKey()
        const issued = await stage.issue(isLocked ? { lock: lockOfKey(key) } : {})
        const client = await send(stage, presenting(stage, issued, { keys: shown(key) }))
        await expectRefused(client, 401, 'invalid_ticket')
        await expectState(stage, issued, 'redeemed')
        await expectRefused(await send(stage, presenting(stage, issued, { keys: [key] })), 401, 'invalid_ticket')
        expectReached(stage, 0)
      }),
  }
}

/** What an adapter does with locked tickets. */
export const lockCases: readonly AdapterCase[] = [
  ...carriers.map(admitsBy),
  ...mismatches.map(refuses),
  {
    name: 'never selects a key that is offered first',
    needs: ['application_protocols'],
    run: (harness) =>
      onStage(harness, { protocols: ['chat.v1'] }, async (stage) => {
        const key = generateKey()
        const issued = await stage.issue({ lock: lockOfKey(key) })
        const offered = `Sec-WebSocket-Protocol: ${key}, ${issued.ticket}, wsticket.v1, chat.v2`
        const client = await send(stage, withLines(presenting(stage, issued), 'Sec-WebSocket-Protocol', offered))
        expectSame('the subprotocol', selectedProtocol(await expectAdmitted(client)), 'wsticket.v1')
      }),
  },
]
