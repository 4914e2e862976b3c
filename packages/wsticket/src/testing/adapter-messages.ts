/**
 * Cases of the adapter suite: what can come after the 101.
 * @module
 */
import type { AdapterCase } from './adapter-harness.ts'
import { expectClose, expectEcho, open } from './adapter-moves.ts'
import { onStage } from './adapter-stage.ts'
import { expectSame } from './conformance-case.ts'
import { closeFrame, encodeFrame, opcodes } from './websocket-frame.ts'

const payload = Buffer.from('hello')

/** First frames that no WebSocket goes on after (RFC 6455 sections 5.1, 5.2, 5.5 and 10.4). */
const badFrames: { readonly [described: string]: Buffer } = {
  'is not masked': encodeFrame(opcodes.text, payload, { masked: false }),
  'has a reserved opcode': encodeFrame(opcodes.reserved, payload),
  'announces a terabyte': encodeFrame(opcodes.binary, payload, { announcedLength: 2 ** 40 }),
  'has a control payload of 126 bytes': encodeFrame(opcodes.ping, Buffer.alloc(126)),
  'has text that is no UTF-8': encodeFrame(opcodes.text, Buffer.from([0xff, 0xfe])),
  'closes with a code that nobody may send': closeFrame(1005),
}

function survives([described, frame]: readonly [string, Buffer]): AdapterCase {
  return {
    name: `survives a first frame that ${described}, and so do other WebSockets`,
    run: (harness) =>
      onStage(harness, {}, async (stage) => {
        const [other, client] = [await open(stage), await open(stage)]
        client.send(frame)
        await client.readToEnd()
        await expectEcho(other)
        await expectEcho(await open(stage))
      }),
  }
}

/** What an adapter does with an open WebSocket. */
export const messageCases: readonly AdapterCase[] = [
  ...Object.entries(badFrames).map(survives),
  {
    name: 'survives a client that resets the connection',
    run: (harness) =>
      onStage(harness, {}, async (stage) => {
        const client = await open(stage)
        client.reset()
        await client.closed
        await expectEcho(await open(stage))
      }),
  },
  {
    name: 'lets the client close',
    run: (harness) =>
      onStage(harness, {}, async (stage) => {
        const client = await open(stage)
        client.send(closeFrame(1000, 'done'))
        expectSame('the close code', await expectClose(client), 1000)
        await client.readToEnd()
        await stage.stop()
      }),
  },
]
