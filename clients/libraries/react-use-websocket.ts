import { once } from 'node:events'
import { createElement, useEffect } from 'react'
import { createRoot } from 'react-dom/client'
import type { Library } from '../library.ts'
import { createContainer } from '../page.ts'
import { install, useMessages } from '../recipes/react-use-websocket.ts'
import { serveEcho } from '../serving.ts'

export const reactUseWebSocket: Library = {
  name: 'react-use-websocket',
  injection: 'none: `installTicketWebSocket`',
  serve: serveEcho,
  connect({ host, tickets }) {
    const url = `ws://${host}/ws`
    const uninstall = install(url, tickets)
    const messages = new EventTarget()
    let send: (text: string) => void = () => {}
    function Component() {
      const { lastMessage, sendMessage } = useMessages(url)
      send = sendMessage
      useEffect(() => void messages.dispatchEvent(new Event(lastMessage === null ? 'none' : 'message')), [lastMessage])
      return null
    }
    const root = createRoot(createContainer())
    root.render(createElement(Component))
    return {
      exchange() {
        send('echo')
        return once(messages, 'message')
      },
      close() {
        root.unmount()
        uninstall()
      },
    }
  },
}
