/**
 * What a class of events has beside listeners: on* handlers, and constants on the class and on its prototype.
 * @module
 */

type AnyHandler = (event: Event) => unknown

/** An `EventTarget` whose subclasses have on* handlers. */
export class HandlerTarget extends EventTarget {
  readonly #handlers = new Map<string, AnyHandler>()

  readonly #callHandler = (event: Event): void => {
    this.#handlers.get(event.type)?.call(this, event)
  }

  /**
   * Gives a prototype an on* handler for each type of event. It is called in the place among the listeners where it was first set (HTML
   * section 8.1.8.1).
   */
  static defineHandlers(prototype: EventTarget, types: readonly string[]): void {
    for (const type of types) {
      Object.defineProperty(prototype, `on${type}`, {
        configurable: true,
        enumerable: true,
        get(this: HandlerTarget) {
          return this.#handlers.get(type) ?? null
        },
        set(this: HandlerTarget, handler: unknown) {
          this.#set(type, handler)
        },
      })
    }
  }

  #set(type: string, handler: unknown): void {
    if (typeof handler === 'function') {
      this.#handlers.set(type, handler as AnyHandler)
      // It stays where it is while handlers follow one another: a second addition of the same changes nothing.
      super.addEventListener(type, this.#callHandler)
    } else {
      this.#handlers.delete(type)
      super.removeEventListener(type, this.#callHandler)
    }
  }
}

/** Gives a class its constants, on itself and on its prototype. */
export function defineConstants(target: { readonly prototype: object }, constants: Record<string, number>): void {
  for (const [name, value] of Object.entries(constants)) {
    for (const on of [target, target.prototype]) Object.defineProperty(on, name, { enumerable: true, value })
  }
}
