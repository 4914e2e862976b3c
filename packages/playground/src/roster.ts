/**
 * Who is in the chat now. One subject may be there with several tabs.
 * @module
 */
import { element, find } from './dom.ts'
import { splitSubject } from './masks.ts'

/** The list of those who are there, on the page. */
export interface Roster {
  /** Everyone's subject, yours first. */
  begin(you: string, others: readonly string[]): void
  joined(who: string): void
  left(who: string): void
  clear(): void
}

/** Creates the list, with nobody in it. */
export function createRoster(): Roster {
  const tabs = new Map<string, number>()
  let you = ''
  const count = (who: string, change: 1 | -1): void => {
    const left = (tabs.get(who) ?? 0) + change
    if (left > 0) tabs.set(who, left)
    else tabs.delete(who)
  }
  const show = (): void => {
    const people = Array.from(tabs, ([who, number]) => drawEntry(who, who === you, number))
    const list = people.flatMap((entry, index) => (index === 0 ? [entry] : [', ', entry]))
    find('present', HTMLElement).replaceChildren(...(list.length === 0 ? ['nobody yet'] : list))
  }
  const change = (who: string, by: 1 | -1): void => {
    count(who, by)
    show()
  }
  return {
    begin(subject, others) {
      you = subject
      tabs.clear()
      for (const who of [you, ...others]) count(who, 1)
      show()
    },
    joined: (who) => change(who, 1),
    left: (who) => change(who, -1),
    clear() {
      tabs.clear()
      show()
    },
  }
}

/** A subject by its name; who vouches for it is in the title. */
export function person(subject: string): HTMLElement {
  const { name, issuer } = splitSubject(subject)
  return element('strong', { title: `${name}, vouched for by ${issuer}` }, name)
}

function drawEntry(who: string, isYou: boolean, tabs: number): HTMLElement {
  const remarks = [isYou ? 'you' : '', tabs > 1 ? `${tabs} tabs` : ''].filter(Boolean).join(', ')
  return element('span', {}, person(who), remarks === '' ? '' : ` (${remarks})`)
}
