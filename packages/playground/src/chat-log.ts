/**
 * What was said, newest last, bounded.
 * @module
 */
import type { ChatMessage } from './chat-message.ts'
import { element, find } from './dom.ts'
import { splitSubject } from './masks.ts'
import { person } from './roster.ts'

const mostMessages = 200
const clockTime = new Intl.DateTimeFormat('en-GB', { timeStyle: 'short' })

/** Adds a message of the server to the log. `you` is your own subject. */
export function logMessage(message: ChatMessage, you: string): void {
  const messages = find('messages', HTMLElement)
  messages.append(drawMessage(message, you))
  while (messages.childElementCount > mostMessages) messages.firstElementChild?.remove()
  messages.scrollTop = messages.scrollHeight
}

function drawMessage(message: ChatMessage, you: string): HTMLElement {
  switch (message.type) {
    case 'welcome':
      return notice('You are in, ', person(message.you), '.')
    case 'joined':
    case 'left':
      return notice(person(message.who), ` ${message.type}.`)
    case 'said':
      return said(message, message.from === you)
    case 'error':
      return notice(message.detail)
  }
}

function said({ from, text, at }: ChatMessage & { type: 'said' }, mine: boolean): HTMLElement {
  const { issuer } = splitSubject(from)
  const head = element(
    'p',
    { class: 'said-by' },
    person(from),
    ' ',
    element('time', {}, clockTime.format(new Date(at))),
    ' ',
    element('span', { class: 'said-issuer' }, issuer),
  )
  return element('li', { class: mine ? 'said is-mine' : 'said' }, head, element('p', { class: 'said-text' }, text))
}

function notice(...words: (string | Node)[]): HTMLElement {
  return element('li', { class: 'notice' }, ...words)
}
