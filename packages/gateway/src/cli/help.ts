/**
 * `wsticket-gateway help`: what it does, by examples first.
 * @module
 */
import { optionsHelp } from '../config/reference.ts'
import { storeUrlsHelp } from '../config/store-urls.ts'

const overview = `Lets WebSockets in by single-use tickets, in front of any WebSocket service.

Examples
  Try it out on this machine, with everything it takes (PORT=8081 changes the port):
      wsticket-gateway dev

  Put it in front of a service:
      wsticket-gateway serve \\
        --issuer https://id.example --token-audience https://api.example \\
        --audience chat --origin https://app.example --upstream ws://127.0.0.1:9000

  The same, from the environment (lists are separated by commas):
      WSTICKET_ISSUER=https://id.example WSTICKET_TOKEN_AUDIENCE=https://api.example \\
      WSTICKET_AUDIENCE=chat WSTICKET_ORIGIN=https://app.example,https://beta.example \\
      WSTICKET_UPSTREAM=ws://127.0.0.1:9000 wsticket-gateway serve

  Look whether the settings are good, and do nothing else:
      wsticket-gateway serve --check

  Look whether an engine is good for tickets that several gateways share, then let them share it:
      WSTICKET_STORE=redis://redis.internal wsticket-gateway store check
      WSTICKET_STORE=redis://redis.internal wsticket-gateway serve ...

  See who is on at any of them, and end a session:
      WSTICKET_STORE=redis://redis.internal wsticket-gateway sessions list
      WSTICKET_STORE=redis://redis.internal wsticket-gateway sessions end --id FVCa...

Verbs
  serve     run the gateway; serve --help lists its options
  store     check an engine that is to keep tickets; store --help says how
  sessions  list and end the sessions of all gateways; sessions --help says how
  dev       run it with a page, a chat server and an identity provider, for development only
  options   print the table of options in Markdown
  help      this text
  version   the version
`

const serveHelp = `wsticket-gateway serve: issues tickets at POST /tickets, admits WebSockets that present one, passes
them on to the upstream, and closes them when their sessions end. The upstream is told who is speaking in X-Wsticket-Subject and X-Wsticket-Session.
Health is at GET /livez and /readyz. Standard output has one line of JSON for each event.

Example
  wsticket-gateway serve \\
    --issuer https://id.example --token-audience https://api.example \\
    --audience chat --origin https://app.example --upstream ws://127.0.0.1:9000

Each option has an environment variable, in brackets. A flag goes before its variable.

${optionsHelp()}
  --check
      Look whether the settings are good, and do nothing else.
`

const storeHelp = `wsticket-gateway store check [url] [--json] [--tickets n]: looks whether an engine is good for tickets.

It runs the published conformance suite and a short race on your own engine, and prints the guarantee that holds there and what
weakens it. Everything happens beside your data, under names with "check_" in them, and is removed at the end; the race loads the engine
for some seconds, for it is about a thousand tickets, or as many as --tickets says. Exit status: 0 where nothing speaks against the engine, 1 where something does, 2 for a call that is wrong.

Without a URL it takes that of WSTICKET_STORE. A URL with a password belongs there: everybody on the machine can read arguments.

${storeUrlsHelp()}
Examples
  wsticket-gateway store check redis://127.0.0.1:6379
  WSTICKET_STORE=postgres://tickets:secret@db.internal/app wsticket-gateway store check
`

const sessionsHelp = `wsticket-gateway sessions list [url] [--subject s]
wsticket-gateway sessions end [url] --id i | --subject s | --audience a | --everything

list prints who is on at all gateways that share the engine and run with --session-directory on: one line of JSON for each session, with id,
node, subject, audience, clientAddress, since and until (milliseconds since 1970; null for no limit).

end voids the tickets that were issued until now, and ends the sessions that they opened, within a second, on every gateway that shares
the engine, whether it keeps a directory or not: of one ticket or session, of one subject, of one audience, or all. Clients are told not to come back at once (4401).

Without a URL it takes that of WSTICKET_STORE. A URL with a password belongs there: everybody on the machine can read arguments.
A subject is the issuer, # and the "sub" of the token: https://id.example#alice. Exit status: 0 done, 1 failed, 2 for a call that is wrong.

Examples
  WSTICKET_STORE=redis://redis.internal wsticket-gateway sessions list --subject 'https://id.example#alice'
  WSTICKET_STORE=redis://redis.internal wsticket-gateway sessions end --subject 'https://id.example#alice'
`

const texts: ReadonlyMap<string | undefined, string> = new Map([
  ['serve', serveHelp],
  ['store', storeHelp],
  ['sessions', sessionsHelp],
])

/** Prints the overview, or what a verb does. */
export async function help(args: readonly string[]): Promise<number> {
  process.stdout.write(texts.get(args[0]) ?? overview)
  return 0
}
