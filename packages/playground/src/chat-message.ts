/**
 * What goes over the chat's WebSocket.
 * @module
 */

/** A message of the server. Who is who is a subject: `issuer#name`. */
export type ChatMessage =
  | { readonly type: 'welcome'; readonly you: string; readonly others: readonly string[] }
  | { readonly type: 'said'; readonly from: string; readonly text: string; readonly at: number | string }
  | { readonly type: 'joined' | 'left'; readonly who: string }
  | { readonly type: 'error'; readonly detail: string }

/** Reads a message of the server; null for anything else. */
export function readChatMessage(data: unknown): ChatMessage | null {
  if (typeof data !== 'string') return null
  try {
    const message: unknown = JSON.parse(data)
    return isChatMessage(message) ? message : null
  } catch {
    return null
  }
}

/** A message of the page. */
export function sayMessage(text: string): string {
  return JSON.stringify({ type: 'say', text })
}

function isChatMessage(value: unknown): value is ChatMessage {
  if (typeof value !== 'object' || value === null) return false
  const { type, you, others, from, text, at, who, detail } = value as Record<string, unknown>
  if (type === 'welcome') return isText(you) && Array.isArray(others) && others.every(isText)
  if (type === 'said') return isText(from) && isText(text) && (isText(at) || typeof at === 'number')
  if (type === 'error') return isText(detail)
  return (type === 'joined' || type === 'left') && isText(who)
}

function isText(value: unknown): value is string {
  return typeof value === 'string'
}
