/**
 * The gateway before the corpus, in front of a WebSocket server that remembers what it sees.
 * @module
 */
import { once } from 'node:events'
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

/** The gateway, set up by its flags, with its audit log. */
export const gatewayTarget: HandshakeTarget = {
  name: 'the gateway',
  async start(setting, store) {
    const [reached, seen, logged]: [string[], string[], string[]] = [[], [], []]
    const upstream = new WebSocketServer({ host: '127.0.0.1', port: 0 })
    await once(upstream, 'listening')
    upstream.on('connection', (socket, { url, headers, rawHeaders }) => {
      reached.push(String(headers['x-wsticket-session']))
      seen.push(JSON.stringify([url, rawHeaders]))
      socket.on('error', () => {})
    })
    const { port: upstreamPort } = upstream.address() as AddressInfo
    const server = await startServer({ host: '127.0.0.1', port: 0 }, () =>
      createGateway({
        configuration: configurationOf(`ws://127.0.0.1:${upstreamPort}`, setting),
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
        for (const client of upstream.clients) client.terminate()
        await new Promise((resolve) => upstream.close(resolve))
      },
    }
  },
}

function configurationOf(upstream: string, setting: AdmissionSetting): Configuration {
  const { origins, carriers, trustedProxies, nonBrowserClients, addressPolicy } = setting
  const outcome = readConfiguration(
    [
      `--upstream=${upstream}`,
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
