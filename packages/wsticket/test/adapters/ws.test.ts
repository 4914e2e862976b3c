import type { IncomingMessage } from 'node:http'
import { Duplex } from 'node:stream'
import { describe, expect, expectTypeOf, it } from 'vitest'
import { WebSocket, WebSocketServer } from 'ws'
import type { Admission, Session } from 'wsticket'
import { createUpgradeListener } from 'wsticket/adapters/node'
import { createWebSocketUpgrade, sessionOf, type WebSocketUpgradeOptions, webSocketLimits } from 'wsticket/adapters/ws'
import { adapterCasesFor } from 'wsticket/testing/adapter-conformance'
import { expectAdmitted, expectRefused, presenting, selectedProtocol, send } from 'wsticket/testing/adapter-moves'
import { onStage, origin, type Stage } from 'wsticket/testing/adapter-stage'
import { withRequestLine } from 'wsticket/testing/raw-handshake'
import { uncaughtDuring } from './uncaught.ts'
import { createWsHarness, type Guard, wsHarness } from './ws-harness.ts'

describe('the adapter for ws', () => {
  for (const { name, run } of adapterCasesFor(wsHarness)) it(name, () => run(wsHarness), 20_000)
})

/** The adapter in front of a WebSocketServer that the application has set up in its own way. */
function guardWith(setUp: (webSockets: WebSocketServer) => void, others: Partial<Guard> = {}): Guard {
  return {
    createUpgrade({ admission }, webSockets) {
      setUp(webSockets)
      return createWebSocketUpgrade(admission, webSockets)
    },
    sessionOf,
    ...others,
  }
}

function harnessWith(setUp: (webSockets: WebSocketServer) => void) {
  return createWsHarness(guardWith(setUp))
}

const asItIs = () => {}

async function selectedBy(setUp: (webSockets: WebSocketServer) => void, protocols: readonly string[]) {
  let selected: string | null = null
  await onStage(harnessWith(setUp), {}, async (stage) => {
    const client = await send(stage, presenting(stage, await stage.issue(), { protocols }))
    selected = selectedProtocol(await expectAdmitted(client))
  })
  return selected
}

async function expectTicketKept(stage: Stage, target: string): Promise<void> {
  const issued = await stage.issue()
  const handshake = withRequestLine(presenting(stage, issued), `GET ${target} HTTP/1.1`)
  await expectRefused(await send(stage, handshake), 400, 'bad_request')
  expect(await stage.stateOf(issued)).toBe('pending')
}

describe('sessionOf', () => {
  it('throws for a request that was not admitted', () => {
    expect(() => sessionOf({})).toThrow(TypeError)
  })

  it('gives a session', () => {
    expectTypeOf(sessionOf).returns.toEqualTypeOf<Session>()
  })
})

describe('the limits of a WebSocketServer', () => {
  const admission: Pick<Admission, 'admit'> = { admit: async () => ({ kind: 'refused', code: 'ticket_missing' }) }

  function dangersOf(options: object): readonly string[] {
    const settings: string[] = []
    const server = new WebSocketServer({ noServer: true })
    Object.assign(server.options, options)
    createWebSocketUpgrade(admission, server, {
      onEvent: (event) => event.type === 'dangerous_setting' && settings.push(event.setting),
    })
    return settings
  }

  it.each([
    ['the limits that we name', webSocketLimits, []],
    ['messages as large as the application wants', { maxPayload: 10 * 1024 * 1024 }, []],
    ['the defaults of ws', {}, ['maxPayload: 104857600']],
    ['messages without end', { maxPayload: 0 }, ['maxPayload: 0']],
    ['fragments without end', { ...webSocketLimits, maxFragments: 0 }, ['maxFragments: 0']],
    ['no bound of fragments, as before ws 8.21', { ...webSocketLimits, maxFragments: undefined }, ['maxFragments: 0']],
  ])('are dangerous or not: %s', (_, options, settings) => {
    expect(dangersOf(options)).toEqual(settings)
  })

  it('are options of ws, every one of them', () => {
    expect(new WebSocketServer({ noServer: true, ...webSocketLimits }).options).toMatchObject(webSocketLimits)
    expect(Object.keys(new WebSocketServer({ noServer: true }).options)).toEqual(
      expect.arrayContaining(Object.keys(webSocketLimits)),
    )
  })

  it('may be dangerous without anybody who hears of it', () => {
    expect(createWebSocketUpgrade(admission, new WebSocketServer({ noServer: true }))).toBeTypeOf('function')
  })

  it('are told to a function and to nothing else', () => {
    const options = { onEvent: {} } as unknown as WebSocketUpgradeOptions
    expect(() => createWebSocketUpgrade(admission, new WebSocketServer({ noServer: true }), options)).toThrow(
      expect.objectContaining({ name: 'ConfigurationError', message: 'onEvent must be a function' }),
    )
  })
})

describe('the subprotocol', () => {
  it('is wsticket.v1 where handleProtocols has been overwritten and knows none of the offered, as graphql-ws does', async () => {
    const overwritten = (webSockets: WebSocketServer) => {
      webSockets.options.handleProtocols = () => false
    }
    expect(await selectedBy(overwritten, ['graphql-transport-ws'])).toBe('wsticket.v1')
  })

  it('is the first of the application where there is no handleProtocols', async () => {
    const without = (webSockets: WebSocketServer) => {
      webSockets.options.handleProtocols = null as never
    }
    expect(await selectedBy(without, ['chat.v2', 'chat.v1'])).toBe('chat.v2')
    expect(await selectedBy(without, [])).toBe('wsticket.v1')
  })

  it('satisfies the client of ws', async () => {
    await onStage(wsHarness, {}, async (stage) => {
      const { ticket } = await stage.issue()
      const webSocket = new WebSocket(stage.server.wsUrl, ['wsticket.v1', ticket], { origin })
      const reply = await new Promise((resolve, reject) => {
        webSocket.once('open', () => webSocket.send('hello'))
        webSocket.once('message', (data: Buffer) => resolve(data.toString()))
        webSocket.once('error', () => reject(new Error('the WebSocket did not open')))
      })
      expect(reply).toBe('echo hello')
      expect(webSocket.protocol).toBe('wsticket.v1')
      webSocket.close()
      await new Promise((resolve) => webSocket.once('close', resolve))
    })
  })
})

describe('a WebSocketServer that does not serve the path', () => {
  it('costs no ticket', async () => {
    const elsewhere = harnessWith((webSockets) => {
      webSockets.options.path = '/elsewhere'
    })
    await onStage(elsewhere, {}, (stage) => expectTicketKept(stage, '/ws'))
  })

  it('costs no ticket with any falsy answer of shouldHandle', async () => {
    const evasive = harnessWith((webSockets) => {
      webSockets.shouldHandle = () => undefined as never
    })
    await onStage(evasive, {}, (stage) => expectTicketKept(stage, '/ws'))
  })

  it('is not asked about what is no path', async () => {
    const parsing = harnessWith((webSockets) => {
      webSockets.shouldHandle = ({ url = '' }) => new URL(url, 'http://localhost').pathname === '/ws'
    })
    await onStage(parsing, {}, async (stage) => {
      await expectTicketKept(stage, '//')
      await expectTicketKept(stage, 'http://[')
    })
  })
})

describe('what the application throws', () => {
  const failure = new Error('the application fails')

  it.each<[string, Guard]>([
    [
      'in its connection listener',
      guardWith(asItIs, {
        sessionOf: () => {
          throw failure
        },
      }),
    ],
    [
      'in handleProtocols',
      guardWith((webSockets) => {
        webSockets.options.handleProtocols = () => {
          throw failure
        }
      }),
    ],
  ])('%s is an uncaught exception, as without us, and closes the connection', async (_, guard) => {
    const errors = await uncaughtDuring(() =>
      onStage(createWsHarness(guard), {}, async (stage) => {
        const client = await send(stage, presenting(stage, await stage.issue(), { protocols: ['chat.v1'] }))
        await client.closed
        expect(stage.connections).toHaveLength(0)
      }),
    )
    expect(errors).toEqual([failure])
  })

  it('later, in a promise, is an uncaught exception, too', async () => {
    const guard: Guard = {
      createUpgrade: ({ admission }) => createUpgradeListener(admission, (() => Promise.reject(failure)) as () => void),
      sessionOf,
    }
    const errors = await uncaughtDuring(() =>
      onStage(createWsHarness(guard), {}, async (stage) => {
        await (await send(stage, presenting(stage, await stage.issue()))).closed
      }),
    )
    expect(errors).toEqual([failure])
  })
})

describe('a request whose headers another listener has looked at before', () => {
  it('shows no ticket in any view', async () => {
    const guard = guardWith(asItIs, {
      createUpgrade({ admission }, webSockets) {
        const upgrade = createWebSocketUpgrade(admission, webSockets)
        return (request, socket, head) => {
          expect([request.headers, request.headersDistinct]).toHaveLength(2)
          upgrade(request, socket, head)
        }
      },
    })
    await onStage(createWsHarness(guard), { protocols: ['chat.v1'] }, async (stage) => {
      const lines = ['Authorization: Basic YTpi', 'Cookie: a=1', 'Cookie: b=2']
      await expectAdmitted(await send(stage, presenting(stage, await stage.issue(), { protocols: ['chat.v1'], lines })))
      const [view] = stage.connections
      expect(JSON.stringify(view).includes('wst_')).toBe(false)
      const [headers, distinct] = (view?.otherViews ?? []).map((text) => JSON.parse(text)) as [never, never]
      expect(headers).toMatchObject({
        'sec-websocket-protocol': 'chat.v1',
        authorization: 'Basic YTpi',
        cookie: 'a=1; b=2',
      })
      expect(distinct).toMatchObject({ 'sec-websocket-protocol': ['chat.v1'], authorization: ['Basic YTpi'] })
      expect(distinct).toHaveProperty('cookie', ['a=1', 'b=2'])
    })
  })
})

describe('two guards of one server', () => {
  it('do not mix, where the application chooses between them', async () => {
    const reached: string[] = []
    const guard = guardWith(asItIs, {
      createUpgrade({ admission }, webSockets) {
        const first = createWebSocketUpgrade(admission, webSockets)
        const second = createUpgradeListener(admission, ({ request, socket }) => {
          reached.push(request.url ?? '')
          socket.destroy()
        })
        return (request, socket, head) => (request.url === '/ws' ? first : second)(request, socket, head)
      },
    })
    await onStage(createWsHarness(guard), {}, async (stage) => {
      await expectAdmitted(await send(stage, presenting(stage, await stage.issue())))
      const other = withRequestLine(presenting(stage, await stage.issue()), 'GET /other HTTP/1.1')
      await (await send(stage, other)).closed
      expect(stage.connections).toHaveLength(1)
      expect(reached).toEqual(['/other'])
    })
  })
})

describe('a WebSocketServer that is closing', () => {
  it('gets nobody in', async () => {
    const closing = harnessWith((webSockets) => webSockets.close())
    await onStage(closing, {}, async (stage) => {
      const client = await send(stage, presenting(stage, await stage.issue()))
      expect((await client.readHead()).status).toBe(503)
      expect(stage.connections).toHaveLength(0)
    })
  })
})

describe('a client that is gone when it is admitted', () => {
  it('is not accepted', async () => {
    let accepted = 0
    const decision = {
      kind: 'admitted',
      session: {},
      passage: { target: '/ws', rawHeaders: [] },
      fallbackProtocol: null,
    }
    const listener = createUpgradeListener({ admit: async () => decision as never }, () => {
      accepted++
    })
    const socket = new Duplex({ read() {}, write() {} })
    const closed = new Promise((resolve) => socket.once('close', resolve))
    listener({ socket, headers: {} } as unknown as IncomingMessage, socket, Buffer.alloc(0))
    socket.destroy()
    await closed
    expect(accepted).toBe(0)
  })
})

describe('a server that has stopped', () => {
  it('leaves no socket and no server behind', async () => {
    const held = () => {
      const counts = new Map<string, number>()
      for (const kind of process.getActiveResourcesInfo())
        if (kind.startsWith('TCP')) counts.set(kind, (counts.get(kind) ?? 0) + 1)
      return counts
    }
    const before = held()
    // What an earlier file has left behind may go meanwhile.
    const left = () => [...held()].filter(([kind, count]) => count > (before.get(kind) ?? 0))
    await onStage(wsHarness, {}, async (stage) => {
      const issued = await stage.issue()
      const [first, second] = [
        await send(stage, presenting(stage, issued)),
        await send(stage, presenting(stage, issued)),
      ]
      await Promise.all([first.readHead(), second.readHead()])
      first.reset()
      second.finish()
      await Promise.all([first.closed, second.closed])
      await stage.stop()
      await expect.poll(left).toEqual([])
    })
  })
})
