/**
 * What a page has and Node does not, for libraries that are made for pages. Loaded before they are.
 * @module
 */
import { WebSocket } from 'ws'

/** The origin of the page that the libraries believe to be on. */
export const pageOrigin = 'https://app.example'

/** The class of `ws`, or that of Node itself, where it has one. */
const PageWebSocket = globalThis.WebSocket === undefined ? pageWebSocketOfWs() : pageWebSocketOfNode()

function pageWebSocketOfWs() {
  return class extends WebSocket {
    constructor(url: string | URL, protocols?: string | string[]) {
      super(url, protocols, { origin: pageOrigin })
    }
  }
}

function pageWebSocketOfNode() {
  return class extends globalThis.WebSocket {
    constructor(url: string | URL, protocols: string | string[] = []) {
      // Node takes options in this place, and TypeScript knows the browser's class only.
      super(url, { protocols, headers: { origin: pageOrigin } } as unknown as string[])
    }
  }
}

const nothing = () => {}

Object.assign(globalThis, {
  WebSocket: PageWebSocket,
  // react-dom looks for the event that is being handled, and for frames.
  window: globalThis,
  HTMLIFrameElement: class {},
  // pusher-js, in a worker.
  self: globalThis,
  // @vueuse/core opens a WebSocket in a page or in a worker, and nowhere else.
  WorkerGlobalScope: Object,
  // @rails/actioncable listens for a page that becomes visible.
  addEventListener: nothing,
  removeEventListener: nothing,
})

/** An element that React renders nothing into. */
export function createContainer(): Element {
  const container = {
    nodeType: 1,
    tagName: 'DIV',
    addEventListener: nothing,
    ownerDocument: { addEventListener: nothing },
  }
  return container as unknown as Element
}
