/**
 * The gateway before the corpus, in front of servers that remember what they see.
 * @module
 */
import { once } from 'node:events'
import { createServer, type IncomingMessage } from 'node:http'
import type { AddressInfo } from 'node:net'
import { WebSocketServer } from 'ws'
import { type AdmissionSetting, audience, type HandshakeTarget } from 'wsticket-corpus/handshake-target'
import type { Configuration } from '../../src/config/configuration.ts'
import { readConfiguration } from '../../src/config/read-configuration.ts'
import { createAuditLog } from '../../src/server/audit-log.ts'
import { createGateway } from '../../src/server/gateway.ts'
import { startServer } from '../../src/server/http-server.ts'
import { createPages } from '../../src/server/pages.ts'
import { createReadiness } from '../../src/server/readiness.ts'

/** What is behind the gateway. */
interface Upstream {
  readonly port: number
  stop(): Promise<void>
}

/** Starts it; it calls `connected` for each request that reaches it. */
type StartUpstream = (connected: (request: IncomingMessage) => void) => Promise<Upstream>

/** The gateway, set up by its flags, with its audit log. */
function targetOf(opens: HandshakeTarget['opens'], startUpstream: StartUpstream): HandshakeTarget {
  return {
    name: `the gateway, before a ${opens}`,
    opens,
    async start(setting, store) {
      const [reached, seen, logged]: [string[], string[], string[]] = [[], [], []]
      const upstream = await startUpstream(({ url, headers, rawHeaders }) => {
        reached.push(String(headers['x-wsticket-session']))
        seen.push(JSON.stringify([url, rawHeaders]))
      })
      const eventStreams = opens === 'event_stream' ? 'on' : 'off'
      const server = await startServer({ host: '127.0.0.1', port: 0 }, () =>
        createGateway({
          configuration: configurationOf(`ws://127.0.0.1:${upstream.port}`, eventStreams, setting),
          authenticate: async () => 'credential_missing',
          store,
          pages: createPages(createReadiness([() => store.inspect()])),
          onEvent: createAuditLog((line) => logged.push(line)),
        }),
      )
      return {
        port: Number(new URL(server.url).port),
        reached,
        seen: () => seen.join('\n'),
        logged: () => logged.join(''),
        async stop() {
          await server.close()
          await upstream.stop()
        },
      }
    },
  }
}

/** Before a WebSocket server that remembers what it sees. */
export const gatewayTarget = targetOf('websocket', async (connected) => {
  const upstream = new WebSocketServer({ host: '127.0.0.1', port: 0 })
  await once(upstream, 'listening')
  upstream.on('connection', (socket, request) => {
    connected(request)
    socket.on('error', () => {})
  })
  return {
    port: (upstream.address() as AddressInfo).port,
    async stop() {
      for (const client of upstream.clients) client.terminate()
      await new Promise((resolve) => upstream.close(resolve))
    },
  }
})

/** Before a server whose event streams have one event. */
export const gatewayStreamTarget = targetOf('event_stream', async (connected) => {
  const upstream = createServer((request, response) => {
    connected(request)
    response.writeHead(200, { 'Content-Type': 'text/event-stream' }).end('data: hello\n\n')
  })
  upstream.listen(0, '127.0.0.1')
  await once(upstream, 'listening')
  return {
    port: (upstream.address() as AddressInfo).port,
    async stop() {
      upstream.closeAllConnections()
      await new Promise((resolve) => upstream.close(resolve))
    },
  }
})

function configurationOf(upstream: string, eventStreams: 'on' | 'off', setting: AdmissionSetting): Configuration {
  const { origins, carriers, trustedProxies, nonBrowserClients, addressPolicy } = setting
  const outcome = readConfiguration(
    [
      `--upstream=${upstream}`,
      `--event-streams=${eventStreams}`,
      '--issuer=https://id.example',
      '--token-audience=api',
      `--audience=${audience}`,
      ...origins.map((origin) => `--origin=${origin}`),
      ...carriers.map((carrier) => `--carrier=${carrier}`),
      ...trustedProxies.map((network) => `--trusted-proxy=${network}`),
      `--non-browser-clients=${nonBrowserClients}`,
      `--address-policy=${addressPolicy}`,
      '--handshake-rate-per-address=unlimited',
    ],
    {},
  )
  if ('problems' in outcome) throw new Error(outcome.problems.join('\n'))
  return outcome.configuration
}
