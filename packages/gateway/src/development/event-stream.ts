/**
 * The audit events as Server-Sent Events (WHATWG HTML section 9.2), the latest first told to newcomers.
 * @module
 */
import { type GatewayEventSink, presentable } from '../events.ts'
import { problem, responseOf } from '../problems.ts'

/** A stream of events for any number of listeners, up to a bound. */
export interface EventStream {
  readonly publish: GatewayEventSink
  /** The answer to one more listener. */
  answer(): Response
  /** Ends all streams. */
  close(): void
}

const keptEvents = 50
const maxListeners = 20
const maxUnreadBytes = 256 * 1024
const heartbeatMs = 15_000

const tooMany = problem(503, 'too_many_listeners', `At most ${maxListeners} may listen at a time. Close another tab.`)

type Controller = ReadableStreamDefaultController<Uint8Array>

/** Creates a stream that nobody listens to yet. */
export function createEventStream(): EventStream {
  const encoder = new TextEncoder()
  const kept: Uint8Array[] = []
  const listeners = new Set<Controller>()
  const tellAll = (bytes: Uint8Array) => {
    for (const listener of listeners) if (!tell(listener, bytes)) listeners.delete(listener)
  }
  const heartbeat = setInterval(() => tellAll(encoder.encode(':\n\n')), heartbeatMs).unref()

  function listen(): ReadableStream<Uint8Array> {
    let own: Controller
    const start = (controller: Controller) => {
      own = controller
      listeners.add(own)
      own.enqueue(encoder.encode('retry: 1000\n\n'))
      for (const bytes of kept) own.enqueue(bytes)
    }
    const cancel = () => void listeners.delete(own)
    return new ReadableStream({ start, cancel }, { highWaterMark: maxUnreadBytes, size: (bytes) => bytes.length })
  }

  return {
    publish(event) {
      const bytes = encoder.encode(`data: ${JSON.stringify(presentable(event))}\n\n`)
      kept.push(bytes)
      if (kept.length > keptEvents) kept.shift()
      tellAll(bytes)
    },
    answer() {
      if (listeners.size >= maxListeners) return responseOf(tooMany)
      return new Response(listen(), { headers: { 'Content-Type': 'text/event-stream', 'Cache-Control': 'no-store' } })
    },
    close() {
      clearInterval(heartbeat)
      for (const listener of listeners) listener.close()
      listeners.clear()
    },
  }
}

/** Sends to a listener; one that does not read is cut off, and false is returned. */
function tell(listener: Controller, bytes: Uint8Array): boolean {
  if ((listener.desiredSize ?? 0) > 0) {
    listener.enqueue(bytes)
    return true
  }
  listener.error(new Error('the listener does not read'))
  return false
}
