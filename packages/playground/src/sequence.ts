/**
 * The four messages that open a WebSocket, drawn as arrows between the page and the server.
 * @module
 */
import { element, within } from './dom.ts'
import { icon } from './icons.ts'
import { transcriptLines } from './transcript.ts'

/** The messages, in order. */
export type MessageName = 'ask' | 'answer' | 'present' | 'open'

/** How far a message has come. */
export type MessageState = 'planned' | 'under-way' | 'done' | 'failed'

/** The drawing. */
export interface Sequence {
  /** Back to the plan. */
  reset(): void
  /** Shows how far a message has come, and what it says; without lines it goes on saying what it said. */
  show(name: MessageName, state: MessageState, lines?: readonly string[]): void
}

interface Plan {
  readonly direction: 'to-server' | 'to-page'
  readonly title: string
  readonly lines: readonly string[]
}

const plans: { readonly [name in MessageName]: Plan } = {
  ask: {
    direction: 'to-server',
    title: 'Ask for a locked ticket, with the token',
    lines: ['POST /tickets', 'Authorization: Bearer …', '{"lock":"…"}'],
  },
  answer: { direction: 'to-page', title: 'Get one ticket', lines: ['201 Created', '{"ticket":"wst_…",…}'] },
  present: {
    direction: 'to-server',
    title: 'Knock with ticket and key, not the token',
    lines: ['GET /ws, Upgrade: websocket', 'Sec-WebSocket-Protocol: wsticket.v1, wst_…, wsk_…'],
  },
  open: {
    direction: 'to-page',
    title: 'Come in. The ticket is spent',
    lines: ['101 Switching Protocols', 'Sec-WebSocket-Protocol: wsticket.v1'],
  },
}
const names = Object.keys(plans) as MessageName[]
const spoken = { 'to-server': 'Page to server: ', 'to-page': 'Server to page: ' }

/** Draws the plan into its list. */
export function createSequence(list: HTMLElement): Sequence {
  const items = new Map(names.map((name) => [name, drawMessage(plans[name])]))
  list.replaceChildren(...items.values())
  const show: Sequence['show'] = (name, state, lines) => {
    const item = items.get(name)
    if (item === undefined) return
    item.dataset.state = state
    if (lines !== undefined) within(item, 'pre', HTMLPreElement).replaceChildren(...transcriptLines(lines))
  }
  const reset = (): void => {
    for (const name of names) show(name, 'planned', plans[name].lines)
  }
  reset()
  return { reset, show }
}

function drawMessage({ direction, title }: Plan): HTMLElement {
  return element(
    'li',
    { class: 'message', 'data-direction': direction },
    element(
      'p',
      { class: 'message-title' },
      element('span', { class: 'visually-hidden' }, spoken[direction]),
      title,
      element('span', { class: 'message-mark' }, icon('admitted'), icon('refused')),
    ),
    element('span', { class: 'message-arrow', 'aria-hidden': 'true' }),
    element('pre', { class: 'transcript' }),
  )
}
