/**
 * Keeps other machines and other pages away from the development mode: pages of any site can send requests to a server on the
 * developer's machine, and DNS can make a foreign name point there.
 * @module
 */
import type { MiddlewareHandler } from 'hono'
import { problem, responseOf } from '../problems.ts'

const foreignHost = problem(421, 'foreign_host', 'The development mode answers under 127.0.0.1 and localhost only.')
const foreignOrigin = problem(403, 'foreign_origin', 'The development mode answers its own page only.')
const notJson = problem(415, 'unsupported_media_type', 'A body is sent as application/json.')

/** The names under which the server on this port is its own. */
export function ownHosts(port: number): readonly string[] {
  // As a browser spells them: without the port where it is 80.
  return ['127.0.0.1', 'localhost'].map((name) => new URL(`http://${name}:${port}`).host)
}

/** Whether a page of another site asks, other than by a link that a person follows (W3C Fetch Metadata section 2). */
function isFromElsewhere(site: string | undefined, mode: string | undefined): boolean {
  return (site === 'cross-site' || site === 'same-site') && mode !== 'navigate'
}

/** Lets requests pass that are addressed to one of the hosts, and come from none but its own pages. */
export function localOnly(hosts: readonly string[]): MiddlewareHandler {
  const origins = hosts.map((host) => `http://${host}`)
  return async ({ req }, next) => {
    const origin = req.header('origin')
    if (!hosts.includes(req.header('host') ?? '')) return responseOf(foreignHost)
    if (origin !== undefined && !origins.includes(origin)) return responseOf(foreignOrigin)
    if (isFromElsewhere(req.header('sec-fetch-site'), req.header('sec-fetch-mode'))) return responseOf(foreignOrigin)
    if (req.method === 'POST' && !/^application\/json(?:$|[ ;])/i.test(req.header('content-type') ?? '')) {
      return responseOf(notJson)
    }
    return next()
  }
}
