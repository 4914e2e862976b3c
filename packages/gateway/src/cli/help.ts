/**
 * `wsticket-gateway help`: what it does, by examples first.
 * @module
 */
import { optionsHelp } from '../config/reference.ts'

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

Verbs
  serve     run the gateway; serve --help lists its options
  dev       run it with a page, a chat server and an identity provider, for development only
  options   print the table of options in Markdown
  help      this text
  version   the version
`

const serveHelp = `wsticket-gateway serve: issues tickets at POST /tickets, admits WebSockets that present one, and
passes them on to the upstream, which is told who is speaking in X-Wsticket-Subject and X-Wsticket-Session.
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

/** Prints the overview, or what a verb does. */
export async function help(args: readonly string[]): Promise<number> {
  process.stdout.write(args[0] === 'serve' ? serveHelp : overview)
  return 0
}
