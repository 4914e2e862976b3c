/**
 * Cases of the adapter suite: how a session ends that neither side has closed.
 * @module
 */
import { type SessionEnding, sessionEndings } from '../refusals.ts'
import type { AdapterCase } from './adapter-harness.ts'
import { expectEcho, open } from './adapter-moves.ts'
import { deadlineOf, onStage, type Stage } from './adapter-stage.ts'
import { expectSame, within } from './conformance-case.ts'
import type { RawClient } from './raw-client.ts'
import { closeFrame, opcodes, textFrame } from './websocket-frame.ts'

/** The WebSocket is closed as the table says, and its connection behind it, and it is nobody's any more. */
async function expectEnded({ sessions }: Stage, client: RawClient, ending: SessionEnding): Promise<void> {
  const { closeCode, publicCode } = sessionEndings[ending]
  const { opcode, payload } = await client.readFrame()
  expectSame('the opcode', opcode, opcodes.close)
  expectSame('the close code', payload.readUInt16BE(), closeCode)
  expectSame('the reason', payload.toString('latin1', 2), publicCode)
  client.send(closeFrame(closeCode))
  await client.readToEnd()
  client.finish()
  await client.closed
  expectSame('the number of sessions that can be ended', sessions.list().length, 0)
}

async function untilNone({ sessions }: Stage): Promise<void> {
  while (sessions.count() > 0) await new Promise((resolve) => setTimeout(resolve, lookEveryMs))
}

function ends(ending: SessionEnding, when: string, cause: (stage: Stage) => void): AdapterCase {
  return {
    name: `closes a WebSocket with ${sessionEndings[ending].closeCode} ${when}`,
    run: (harness) =>
      onStage(harness, {}, async (stage) => {
        const client = await open(stage)
        await expectEcho(client)
        cause(stage)
        await expectEnded(stage, client, ending)
      }),
  }
}

const hourMs = 3_600_000
const lookEveryMs = 10

/** How sessions end. */
export const sessionCases: readonly AdapterCase[] = [
  ends('session_expired', 'when its time is up', ({ advance }) => advance(2 * hourMs)),
  ends('session_revoked', 'when it is revoked', ({ sessions }) => void sessions.revoke({ kind: 'everything' })),
  ends('draining', 'in a drain', ({ sessions }) => void sessions.drain({ windowMs: 0 })),
  {
    name: 'shows the application no WebSocket that was revoked before its 101',
    async run(harness) {
      const set: { stage: Stage | null } = { stage: null }
      const permit = async () => {
        await set.stage?.sessions.revoke({ kind: 'everything' })
        return true
      }
      await onStage(harness, { permit }, async (stage) => {
        set.stage = stage
        const client = await open(stage)
        client.send(textFrame('early'))
        await expectEnded(stage, client, 'session_revoked')
        expectSame('the number of WebSockets of the application', stage.connections.length, 0)
      })
    },
  },
  {
    name: 'closes a WebSocket with 1012 whose handshake was under way when a drain began, which waits for it',
    async run(harness) {
      const set: { stage: Stage | null; drained: Promise<void> | null } = { stage: null, drained: null }
      const permit = () => {
        set.drained = set.stage?.sessions.drain({ windowMs: 0 }) ?? null
        return true
      }
      await onStage(harness, { permit }, async (stage) => {
        set.stage = stage
        await expectEnded(stage, await open(stage), 'draining')
        expectSame('the number of WebSockets of the application', stage.connections.length, 0)
        await within(deadlineOf(harness), 'The drain', set.drained ?? Promise.resolve())
        expectSame('the number of sessions', stage.sessions.count(), 0)
      })
    },
  },
  {
    name: 'delivers nothing more of a client whose session is over',
    run: (harness) =>
      onStage(harness, {}, async (stage) => {
        const client = await open(stage)
        await expectEcho(client)
        const { length } = stage.messages
        await stage.sessions.revoke({ kind: 'everything' })
        await client.readFrame()
        client.send(textFrame('late'))
        client.send(closeFrame(1000))
        await client.readToEnd()
        expectSame('the number of messages', stage.messages.length, length)
      }),
  },
  {
    name: 'cuts a WebSocket whose client does not answer the close frame',
    run: (harness) =>
      onStage(harness, {}, async (stage) => {
        const client = await open(stage)
        await stage.sessions.revoke({ kind: 'everything' })
        await client.readFrame()
        await client.readToEnd()
      }),
  },
  {
    name: 'forgets the session of a client that is gone',
    run: (harness) =>
      onStage(harness, {}, async (stage) => {
        const clients = [await open(stage), await open(stage)]
        expectSame('the number of sessions', stage.sessions.count(), 2)
        clients[0]?.reset()
        clients[1]?.send(closeFrame(1000))
        await Promise.all(clients.map((client) => client.readToEnd().catch(() => {})))
        clients[1]?.reset()
        await within(deadlineOf(harness), 'Forgetting the sessions', untilNone(stage))
      }),
  },
]
