/**
 * What the gateway answers over HTTP besides tickets: its health, and that there is nothing else.
 * @module
 */
import { Hono } from 'hono'
import { notFound, problem, responseOf } from '../problems.ts'

const serverError = problem(500, 'server_error', 'The request could not be answered.')

/** An app with the health checks (`/livez`, `/readyz`), to which more may be added. */
export function createPages(): Hono {
  const pages = new Hono()
  pages.get('/livez', healthy)
  pages.get('/readyz', healthy)
  pages.notFound(() => responseOf(notFound))
  pages.onError(() => responseOf(serverError))
  return pages
}

function healthy(): Response {
  return new Response('ok\n', { headers: { 'Content-Type': 'text/plain', 'Cache-Control': 'no-store' } })
}
