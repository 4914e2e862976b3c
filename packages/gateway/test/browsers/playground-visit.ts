/**
 * The story of the playground in short, in any browser.
 */
import type { Tab } from './driver.ts'

/** What a visitor reads. */
export interface Visit {
  readonly signedIn: string
  readonly connected: string
  /** What the code of the page sees of the WebSocket. */
  readonly seen: string
  /** The message that came back. */
  readonly heard: string
  /** Whatever in the page looks like a whole ticket, key or token. */
  readonly shown: readonly string[]
}

/** Signs in, connects, says something, and reads it. */
export function connectInPlayground(tab: Tab): Promise<Visit> {
  return tab.evaluate(visit, 'Hello from a real browser')
}

/** Runs in the tab. */
async function visit(message: string): Promise<Visit> {
  const find = <Type extends HTMLElement>(selector: string) => document.querySelector<Type>(selector)
  const textOf = async (selector: string, form: RegExp): Promise<string> => {
    for (;;) {
      const text = find(selector)?.innerText.trim() ?? ''
      if (form.test(text)) return text
      await new Promise((resolve) => setTimeout(resolve, 20))
    }
  }
  await textOf('#feed-state', /Live/)
  find('#sign-in button')?.click()
  const signedIn = await textOf('#sign-in-state', /Signed in/)
  find('#connect')?.click()
  const connected = await textOf('#connection-state', /Connected/)
  const seen = await textOf('.code-sees pre', /protocol/)
  const text = find<HTMLInputElement>('#text')
  if (text !== null) text.value = message
  find('#say button')?.click()
  const heard = await textOf('#messages li:last-child', new RegExp(message))
  const secret = /ws[tk]_[\w-]{9,}|eyJ[\w-]+\.[\w-]+\.[\w-]+/g
  const shown = document.documentElement.outerHTML.match(secret) ?? []
  return { signedIn, connected, seen, heard, shown }
}
