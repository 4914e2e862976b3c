/**
 * Cases of the adapter suite: while it is not yet decided whether a client is let in.
 * @module
 */
import type { AdapterCase } from './adapter-harness.ts'
import {
  expectAdmitted,
  expectEcho,
  expectReached,
  expectRefused,
  expectState,
  expectText,
  open,
  presenting,
  send,
  serverHasHeard,
} from './adapter-moves.ts'
import { onStage } from './adapter-stage.ts'
import { createSignal, expectSame } from './conformance-case.ts'
import type { RawClient } from './raw-client.ts'
import { textFrame } from './websocket-frame.ts'

const frames = Buffer.concat(['one', 'two', 'three'].map(textFrame))

function vanishes(how: string, vanish: (client: RawClient) => void): AdapterCase {
  return {
    name: `forgets a client that vanishes by ${how} before it is decided, and its ticket is spent`,
    run: (harness) =>
      onStage(harness, {}, async (stage) => {
        const arrival = stage.store.hold()
        const issued = await stage.issue()
        const client = await send(stage, presenting(stage, issued))
        await arrival
        vanish(client)
        await serverHasHeard(stage)
        stage.store.release()
        await client.closed
        await expectEcho(await open(stage))
        await expectState(stage, issued, 'redeemed')
        expectReached(stage, 1, 1)
      }),
  }
}

/** What an adapter does between the handshake and the decision. */
export const pendingCases: readonly AdapterCase[] = [
  {
    name: 'lets nothing through before it is decided, and loses nothing that was sent meanwhile',
    run: (harness) =>
      onStage(harness, {}, async (stage) => {
        const arrival = stage.store.hold()
        const client = await send(stage, presenting(stage, await stage.issue()), { frames })
        await arrival
        client.send(textFrame('four'))
        await serverHasHeard(stage)
        expectReached(stage, 0)
        expectSame('the number of bytes that were answered', client.unread(), 0)
        stage.store.release()
        await expectAdmitted(client)
        for (const text of ['one', 'two', 'three', 'four']) await expectText(client, `echo ${text}`)
      }),
  },
  {
    name: 'delivers what arrives in one piece with the handshake',
    run: (harness) =>
      onStage(harness, {}, async (stage) => {
        const client = await send(stage, presenting(stage, await stage.issue()), { frames })
        await expectAdmitted(client)
        for (const text of ['one', 'two', 'three']) await expectText(client, `echo ${text}`)
      }),
  },
  {
    name: 'delivers nothing of a client that is refused late',
    run: (harness) =>
      onStage(harness, {}, async (stage) => {
        const arrival = stage.store.hold()
        const issued = await stage.issue({ audience: 'elsewhere' })
        const client = await send(stage, presenting(stage, issued), { frames })
        await arrival
        stage.store.release()
        await expectRefused(client, 401, 'invalid_ticket')
        expectReached(stage, 0)
      }),
  },
  {
    name: 'lets others in while one is not decided',
    run: (harness) => {
      const asked = createSignal<void>()
      const decided = createSignal<boolean>()
      let askedBefore = false
      const permit = (): boolean | Promise<boolean> => {
        if (askedBefore) return true
        askedBefore = true
        asked.fire()
        return decided.promise
      }
      return onStage(harness, { permit }, async (stage) => {
        const slow = await send(stage, presenting(stage, await stage.issue()))
        await asked.promise
        await expectEcho(await open(stage))
        expectReached(stage, 1, 1)
        decided.fire(true)
        await expectAdmitted(slow)
      })
    },
  },
  vanishes('FIN', (client) => client.finish()),
  vanishes('RST', (client) => client.reset()),
]
