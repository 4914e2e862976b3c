/**
 * Step 3: talk to whoever else has a ticket.
 * @module
 */
import { logMessage } from './chat-log.ts'
import { type ChatMessage, readChatMessage, sayMessage } from './chat-message.ts'
import type { ConnectionListener } from './connection.ts'
import { find, within } from './dom.ts'
import { createRoster } from './roster.ts'

/** Wires the form. What it returns is to be told of the connection. */
export function mountChat(): ConnectionListener {
  const form = find('say', HTMLFormElement)
  const text = find('text', HTMLInputElement)
  const roster = createRoster()
  let socket: WebSocket | null = null
  let you = ''

  form.addEventListener('submit', (event) => {
    event.preventDefault()
    socket?.send(sayMessage(text.value))
    text.value = ''
    text.focus()
  })

  function obey(message: ChatMessage): void {
    if (message.type === 'welcome') {
      you = message.you
      roster.begin(you, message.others)
    } else if (message.type === 'joined' || message.type === 'left') {
      roster[message.type](message.who)
    }
    logMessage(message, you)
  }

  return {
    opened(opened) {
      socket = opened
      enable(form, true)
    },
    received(data) {
      const message = readChatMessage(data)
      if (message !== null) obey(message)
    },
    closed() {
      socket = null
      roster.clear()
      enable(form, false)
    },
  }
}

function enable(form: HTMLFormElement, enabled: boolean): void {
  // What is disabled loses the keyboard's focus: the next thing to do is to connect again.
  if (!enabled && form.contains(document.activeElement)) find('connect', HTMLButtonElement).focus()
  within(form, 'input', HTMLInputElement).disabled = !enabled
  within(form, 'button', HTMLButtonElement).disabled = !enabled
}
