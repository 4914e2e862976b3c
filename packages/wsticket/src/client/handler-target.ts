/**
 * What a class of events has beside listeners: on* handlers, and constants on the class and on its prototype.
 * @module
 */

type AnyHandler = (event: Event) => unknown

const handlersOf = new WeakMap<EventTarget, Map<string, AnyHandler>>()
const { addEventListener, removeEventListener } = EventTarget.prototype

/**
 * Gives a prototype an on* handler for each type of event. It is called in the place among the listeners where it was first set (HTML
 * section 8.1.8.1).
 */
export function defineHandlers(prototype: EventTarget, types: readonly string[]): void {
  for (const type of types) {
    Object.defineProperty(prototype, `on${type}`, {
      configurable: true,
      enumerable: true,
      get(this: EventTarget) {
        return handlersOf.get(this)?.get(type) ?? null
      },
      set(this: EventTarget, handler: unknown) {
        setHandler(this, type, handler)
      },
    })
  }
}

function setHandler(target: EventTarget, type: string, handler: unknown): void {
  const handlers = handlersOf.get(target) ?? new Map<string, AnyHandler>()
  handlersOf.set(target, handlers)
  if (typeof handler === 'function') {
    handlers.set(type, handler as AnyHandler)
    // It stays where it is while handlers follow one another: a second addition of the same changes nothing.
    addEventListener.call(target, type, callHandler)
  } else {
    handlers.delete(type)
    removeEventListener.call(target, type, callHandler)
  }
}

function callHandler(this: EventTarget, event: Event): void {
  handlersOf.get(this)?.get(event.type)?.call(this, event)
}

/** Gives a class its constants, on itself and on its prototype. */
export function defineConstants(target: { readonly prototype: object }, constants: Record<string, number>): void {
  for (const [name, value] of Object.entries(constants)) {
    for (const on of [target, target.prototype]) Object.defineProperty(on, name, { enumerable: true, value })
  }
}
