/**
 * Audit events: every decision, as a typed value, to one sink. They name a ticket by its id and never hold a secret.
 * @module
 */
import type { EpochMs } from './clock.ts'
import type { Subject } from './credential.ts'
import { ConfigurationError } from './errors.ts'
import { requireFunction } from './option-checks.ts'
import type { IssueRefusalCode, RefusalCode, SessionEnding } from './refusals.ts'
import type { SessionSelector } from './session-log.ts'
import type { TicketId } from './ticket.ts'

/** A ticket was issued. */
export interface TicketIssued {
  readonly type: 'ticket_issued'
  readonly at: EpochMs
  readonly ticketId: TicketId
  readonly subject: Subject
  readonly audience: string
  readonly clientAddress: string | null
  readonly origin: string | null
  readonly expiresAt: EpochMs
}

/** The ticket endpoint refused. */
export interface IssueRefused {
  readonly type: 'issue_refused'
  readonly at: EpochMs
  readonly code: IssueRefusalCode
  /** Null where the credential was not good enough to name one. */
  readonly subject: Subject | null
  readonly clientAddress: string | null
  readonly origin: string | null
  /** Name and code of the error behind a 503, never its message. */
  readonly fault: string | null
}

/** A handshake was admitted, and its ticket spent. */
export interface Admitted {
  readonly type: 'admitted'
  readonly at: EpochMs
  readonly ticketId: TicketId
  readonly subject: Subject
  readonly audience: string
  readonly carrier: string
  readonly clientAddress: string | null
  readonly origin: string | null
  /** Whether the address fits the one that the ticket was issued to; null where the policy is `off`. */
  readonly addressMatches: boolean | null
}

/** A handshake was refused. */
export interface Refused {
  readonly type: 'refused'
  readonly at: EpochMs
  readonly code: RefusalCode
  /** Null where no well-formed ticket was presented. */
  readonly ticketId: TicketId | null
  /** Null where the store gave no record. */
  readonly subject: Subject | null
  readonly carrier: string | null
  readonly clientAddress: string | null
  readonly origin: string | null
  /** Name and code of the error behind a 503, never its message. */
  readonly fault: string | null
}

/** A session is over. */
export interface SessionEnded {
  readonly type: 'session_ended'
  readonly at: EpochMs
  readonly ticketId: TicketId
  readonly subject: Subject
  readonly audience: string
  /** Null where its client, or the application, closed it. */
  readonly ending: SessionEnding | null
}

/** A session goes on. */
export interface SessionRenewed {
  readonly type: 'session_renewed'
  readonly at: EpochMs
  readonly ticketId: TicketId
  readonly subject: Subject
  readonly audience: string
  /** Null for no limit. */
  readonly endsAt: EpochMs | null
}

/** Somebody has revoked here: tickets are void that were issued until then, and sessions end. */
export interface Revoked {
  readonly type: 'revoked'
  readonly at: EpochMs
  readonly selector: SessionSelector
  /** Name and code of the error where the other nodes may not hear of it, never its message; else null. */
  readonly fault: string | null
}

/** What an application may run for a session. */
export type SessionHook = 'onStart' | 'onRenew' | 'onEnd'

/** A hook of the application has thrown, or has not settled in time. Nothing else comes of it. */
export interface HookFailed {
  readonly type: 'hook_failed'
  readonly at: EpochMs
  readonly hook: SessionHook
  readonly ticketId: TicketId
  readonly subject: Subject
  readonly audience: string
  /** Name and code of the error, never its message. */
  readonly fault: string
}

/** What was revoked or renewed elsewhere may not be known here any more. */
export interface SessionLogLost {
  readonly type: 'session_log_lost'
  readonly at: EpochMs
  readonly log: string
}

/** The other nodes may not see the sessions of this one, nor count them, until it can be told again. Once each time. */
export interface SessionDirectoryFailed {
  readonly type: 'session_directory_failed'
  readonly at: EpochMs
  readonly directory: string
  /** Name and code of the error, never its message. */
  readonly fault: string
}

/** Something was set up in a way that takes protection away. Emitted once, at construction. */
export interface DangerousSetting {
  readonly type: 'dangerous_setting'
  readonly at: EpochMs
  readonly setting: string
  readonly consequence: string
}

/** Anything that the audit hears of. */
export type AuditEvent =
  | TicketIssued
  | IssueRefused
  | Admitted
  | Refused
  | SessionEnded
  | SessionRenewed
  | Revoked
  | HookFailed
  | SessionLogLost
  | SessionDirectoryFailed
  | DangerousSetting

/** Takes audit events. Synchronous; what it throws is swallowed, and changes no decision. */
export type EventSink = (event: AuditEvent) => void

/**
 * What the option `onEvent` gives, as a sink that cannot throw. Default, and for null: nobody hears of anything.
 * @throws ConfigurationError where it is no function: a log that is called nowhere would be missed when it is needed.
 */
export function safeSink(onEvent?: EventSink | null): EventSink {
  const sink = requireFunction<EventSink>('onEvent', onEvent ?? (() => {}))
  return (event) => {
    try {
      // An async function passes for a sink. Its rejection would end the process.
      const pending: unknown = sink(event)
      if (pending instanceof Promise) pending.catch(() => {})
    } catch {
      // A broken log must neither admit, nor refuse, nor crash.
    }
  }
}

/**
 * Names an error for an event: its name and code, never its message, which may quote what it was given; of a
 * `ConfigurationError` the option as well, which is a text of ours.
 */
export function nameFault(error: unknown): string {
  if (!(error instanceof Error)) return typeof error
  if (error instanceof ConfigurationError) return `${error.name} ${error.option}`
  const { code } = error as { code?: unknown }
  return typeof code === 'string' ? `${error.name} ${code}` : error.name
}
