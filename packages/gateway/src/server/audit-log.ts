/**
 * The audit log: one line of JSON for each event.
 * @module
 */
import { pino } from 'pino'
import { type GatewayEvent, type GatewayEventSink, presentable } from '../events.ts'

/** Creates a sink that writes lines of ASCII, each with its newline. */
export function createAuditLog(write: (line: string) => void): GatewayEventSink {
  const log = pino(
    { base: null, timestamp: false, formatters: { level: (level) => ({ level }) } },
    { write: (line: string) => write(escapeForTerminals(line)) },
  )
  return (event) => {
    const { at, ...members } = presentable(event)
    log[levelOf(event)]({ time: new Date(at).toISOString(), ...members })
  }
}

function levelOf(event: GatewayEvent): 'info' | 'warn' | 'error' {
  if ('fault' in event && event.fault !== null) return 'error'
  return event.type === 'dangerous_setting' || event.type === 'upstream_failed' ? 'warn' : 'info'
}

/** JSON escapes control characters only below space; others, and those that turn text around, act on a terminal as well. */
function escapeForTerminals(line: string): string {
  return line.replace(/[^\n -~]/g, (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`)
}
