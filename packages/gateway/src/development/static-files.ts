/**
 * The files of the page: what the playground was built to, and the library's client as the page imports it.
 * @module
 */
import { createHash } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { Hono } from 'hono'
import { notFound, responseOf } from '../problems.ts'

/** Where the files are. */
export interface StaticFileOptions {
  /** The folder of the built page, with `index.html`; its URL ends with `/`. */
  readonly playground: URL
  /** The folder of the built library, of which `client/*.js` and what it imports, `*.js`, are served; its URL ends with `/`. */
  readonly library: URL
  /** Hosts that the page may open WebSockets to. */
  readonly hosts: readonly string[]
}

const types = {
  html: 'text/html; charset=utf-8',
  css: 'text/css; charset=utf-8',
  js: 'text/javascript; charset=utf-8',
  svg: 'image/svg+xml',
} as const

// One name, no folder, no dot at its beginning: there is no way up.
const fileName = /^[\w-]+(?:\.[\w-]+)*\.(html|css|js|svg)$/
const moduleName = /^(?:client\/)?[\w-]+\.js$/

const placeholder = '<!doctype html><title>wsticket</title><p>The page is not built yet: run npm run build.</p>'

/** The routes `/`, `/playground/*` and `/modules/wsticket/*`. */
export function createStaticFiles({ playground, library, hosts }: StaticFileOptions): Hono {
  const routes = new Hono()
  routes.get('/', async () => {
    const html = (await read(new URL('index.html', playground))) ?? placeholder
    return respond(html, 'html', { 'Content-Security-Policy': contentSecurityPolicy(html.toString(), hosts) })
  })
  routes.get('/playground/:name', ({ req }) =>
    answerFile(playground, fileName.test(req.param('name')), req.param('name')),
  )
  routes.get('/modules/wsticket/:path{.+}', ({ req }) =>
    answerFile(library, moduleName.test(req.param('path')), req.param('path')),
  )
  return routes
}

async function answerFile(folder: URL, allowed: boolean, path: string): Promise<Response> {
  const contents = allowed ? await read(new URL(path, folder)) : null
  if (contents === null) return responseOf(notFound)
  return respond(contents, path.slice(path.lastIndexOf('.') + 1) as keyof typeof types, {})
}

/** The contents of a file; null where there is none. */
async function read(file: URL): Promise<Buffer<ArrayBuffer> | null> {
  return readFile(file).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return null
    throw error
  })
}

function respond(
  body: string | Buffer<ArrayBuffer>,
  type: keyof typeof types,
  headers: Readonly<Record<string, string>>,
): Response {
  const always = { 'Content-Type': types[type], 'Cache-Control': 'no-store', 'X-Content-Type-Options': 'nosniff' }
  return new Response(body, { headers: { ...always, 'Referrer-Policy': 'no-referrer', ...headers } })
}

/** The strictest policy that the page works under: its own files, and its inline import maps by their hash (CSP 3 section 2.3.1). */
function contentSecurityPolicy(html: string, hosts: readonly string[]): string {
  const inline = Array.from(html.matchAll(/<script type="importmap">(.*?)<\/script>/gs), ([, text]) => text as string)
  const hashes = inline.map((text) => ` 'sha256-${createHash('sha256').update(text).digest('base64')}'`)
  return [
    "default-src 'none'",
    `script-src 'self'${hashes.join('')}`,
    "style-src 'self'",
    "img-src 'self' data:",
    `connect-src 'self' ${hosts.map((host) => `ws://${host}`).join(' ')}`,
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
  ].join('; ')
}
