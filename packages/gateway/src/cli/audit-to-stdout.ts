/**
 * Where the audit goes.
 * @module
 */
import type { GatewayEventSink } from '../events.ts'
import { createAuditLog } from '../server/audit-log.ts'

/** The audit log on standard output. Where nobody reads it any longer, the gateway goes on. */
export function auditToStdout(): GatewayEventSink {
  process.stdout.on('error', () => {})
  return createAuditLog((line) => process.stdout.write(line))
}
