/**
 * Builds elements. Text becomes text nodes: nothing here can turn a string into markup.
 * @module
 */

/** What an element holds. */
export type Child = Node | string

/** Attributes by name; `true` sets an empty one, `false` none. Never `style`, which the page's CSP forbids. */
export type Attributes = { readonly [name: string]: string | boolean }

/** Creates an HTML element. */
export function element<Tag extends keyof HTMLElementTagNameMap>(
  tag: Tag,
  attributes: Attributes = {},
  ...children: readonly Child[]
): HTMLElementTagNameMap[Tag] {
  const created = document.createElement(tag)
  for (const [name, value] of Object.entries(attributes)) {
    if (value !== false) created.setAttribute(name, value === true ? '' : value)
  }
  created.append(...children)
  return created
}

/**
 * The element of the page with this id.
 * @throws Error where there is none of this kind: page and program do not belong together
 */
export function find<Kind extends HTMLElement>(id: string, kind: new () => Kind): Kind {
  const found = document.getElementById(id)
  if (found instanceof kind) return found
  throw new Error(`The page has no ${kind.name} with the id ${id}.`)
}

/**
 * The first element inside another that fits a selector.
 * @throws Error where there is none of this kind
 */
export function within<Kind extends HTMLElement>(parent: Element, selector: string, kind: new () => Kind): Kind {
  const found = parent.querySelector(selector)
  if (found instanceof kind) return found
  throw new Error(`There is no ${kind.name} ${selector} inside.`)
}
