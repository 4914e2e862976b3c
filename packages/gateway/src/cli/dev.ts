/**
 * `wsticket-gateway dev`: the gateway with everything that it takes to try it out, on this machine only.
 * @module
 */
import type { Environment } from '../config/given.ts'
import { startChatProcess } from '../development/chat-process.ts'
import { startDevelopmentServer } from '../development/development-server.ts'
import { warning } from '../development/identity-provider.ts'
import type { RunningServer } from '../server/http-server.ts'
import { auditToStdout } from './audit-to-stdout.ts'
import { untilToldToStop } from './until-told-to-stop.ts'
import { complain, tell } from './verb.ts'

/** Runs the development mode until told to stop. */
export async function dev(args: readonly string[], environment: Environment): Promise<number> {
  const port = readPort(environment)
  if (args.length > 0) return complain('dev takes no arguments; PORT in the environment changes the port')
  if (port === null) return complain('PORT must be a number from 0 to 65535')
  const chat = await startChatProcess(tell)
  const server = await start(port, chat.url)
  if (server !== null) {
    const stop = untilToldToStop()
    tell(`\n  ${warning}\n  Never let anybody else reach it.\n\nOpen ${server.url}`)
    await stop
    await server.close()
  }
  await chat.close()
  return server === null ? 1 : 0
}

async function start(port: number, upstream: string): Promise<RunningServer | null> {
  try {
    return await startDevelopmentServer({
      port,
      upstream,
      playground: new URL('../playground/', import.meta.url),
      library: new URL('../', import.meta.resolve('wsticket/client')),
      onEvent: auditToStdout(),
    })
  } catch (error) {
    const { code, syscall } = error as NodeJS.ErrnoException
    if (syscall === undefined) throw error
    const reason = code === 'EADDRINUSE' ? 'is taken' : `cannot be used here (${code})`
    tell(`Port ${port} ${reason}. Choose another: PORT=8081 npm start`)
    return null
  }
}

function readPort({ PORT = '' }: Environment): number | null {
  const text = PORT === '' ? '8080' : PORT
  return /^\d{1,5}$/.test(text) && Number(text) <= 65_535 ? Number(text) : null
}
