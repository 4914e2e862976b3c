/**
 * What the gateway answers over HTTP besides tickets: its health, and that there is nothing else.
 * @module
 */
import { Hono } from 'hono'
import { notFound, problem, responseOf } from '../problems.ts'
import type { Readiness } from './readiness.ts'

const notReady = problem(503, 'not_ready', 'Tickets can be neither issued nor redeemed now.')
const serverError = problem(500, 'server_error', 'The request could not be answered.')

/** An app with the health checks (`/livez`, `/readyz`), to which more may be added. */
export function createPages(isReady: Readiness): Hono {
  const pages = new Hono()
  pages.get('/livez', healthy)
  pages.get('/readyz', async () => ((await isReady()) ? healthy() : responseOf(notReady)))
  pages.notFound(() => responseOf(notFound))
  pages.onError(() => responseOf(serverError))
  return pages
}

function healthy(): Response {
  return new Response('ok\n', { headers: { 'Content-Type': 'text/plain', 'Cache-Control': 'no-store' } })
}
