/**
 * A gateway in this process in front of a given upstream, where `Authorization: Bearer <name>` is credential enough.
 */
import { onTestFinished } from 'vitest'
import type { Authenticate } from 'wsticket'
import { createMemoryStore } from 'wsticket/stores/memory'
import type { Configuration } from '../src/config/configuration.ts'
import { readConfiguration } from '../src/config/read-configuration.ts'
import type { GatewayEvent } from '../src/events.ts'
import { createGateway, type GatewayOptions } from '../src/server/gateway.ts'
import { startServer } from '../src/server/http-server.ts'
import { createPages } from '../src/server/pages.ts'
import { createReadiness } from '../src/server/readiness.ts'

export const origin = 'https://app.example'
export const issuer = 'https://id.example'

type EventType = GatewayEvent['type']
type EventOf<Type extends EventType> = Extract<GatewayEvent, { type: Type }>

export interface GatewayUnderTest {
  readonly url: string
  readonly port: number
  readonly events: readonly GatewayEvent[]
  ticket(subject?: string, headers?: Record<string, string>): Promise<string>
  /** Drains, and closes, as `serve` does. */
  stop(deadlineMs: number): Promise<void>
  /** Resolves with the first event of this type, past or future. */
  event<Type extends EventType>(type: Type): Promise<EventOf<Type>>
}

const authenticate: Authenticate = async ({ headers }) => {
  const name = /^Bearer (.+)$/.exec(headers.get('authorization') ?? '')?.[1]
  if (name === undefined) return 'credential_missing'
  return { issuer, subject: JSON.parse(decodeURIComponent(name)), expiresAt: null, claims: {} }
}

export async function startGateway(
  upstream: string,
  flags: readonly string[] = [],
  options: Partial<GatewayOptions> = {},
): Promise<GatewayUnderTest> {
  const events: GatewayEvent[] = []
  const store = options.store ?? createMemoryStore()
  const waiting = new Set<() => void>()
  const server = await startServer({ host: '127.0.0.1', port: 0 }, () =>
    createGateway({
      configuration: configurationOf(upstream, flags),
      authenticate,
      store,
      pages: createPages(createReadiness([() => store.inspect()])),
      onEvent(event) {
        events.push(event)
        for (const look of waiting) look()
      },
      ...options,
    }),
  )
  onTestFinished(() => server.close())
  return {
    url: server.url,
    port: Number(new URL(server.url).port),
    events,
    async ticket(subject = 'alice', headers = {}) {
      const authorization = `Bearer ${encodeURIComponent(JSON.stringify(subject))}`
      const response = await fetch(`${server.url}/tickets`, { method: 'POST', headers: { authorization, ...headers } })
      return ((await response.json()) as { ticket: string }).ticket
    },
    stop: (deadlineMs) => server.drain(deadlineMs).then(() => server.close()),
    event: (type) =>
      new Promise((resolve) => {
        const look = () => {
          const found = events.find((event): event is EventOf<typeof type> => event.type === type)
          if (found === undefined) return
          waiting.delete(look)
          resolve(found)
        }
        waiting.add(look)
        look()
      }),
  }
}

function configurationOf(upstream: string, flags: readonly string[]): Configuration {
  const required = [`--upstream=${upstream}`, `--issuer=${issuer}`, '--token-audience=api', '--audience=chat']
  const outcome = readConfiguration([...required, `--origin=${origin}`, ...flags], {})
  if ('problems' in outcome) throw new Error(outcome.problems.join('\n'))
  return outcome.configuration
}
