/**
 * Shows how a WebSocket opens: the messages, the ticket, and what is left of both in the end.
 * @module
 */
import type { Ticket } from './api.ts'
import { element, find } from './dom.ts'
import { maskSecret, shortenId } from './masks.ts'
import { createSequence } from './sequence.ts'
import type { Session } from './session.ts'
import { createStub } from './stub.ts'

/** One opening at a time. */
export interface OpeningView {
  /** Clears what was there, for an opening with this session. */
  begin(session: Session): void
  /** The ticket was asked for, with this body. */
  asked(body: string): void
  /** The ticket endpoint answered; `ticket` is null where it refused. */
  answered(received: readonly string[], ticket: Ticket | null): void
  /** The WebSocket is open. */
  opened(socket: WebSocket): void
  /** The ticket was presented, and the WebSocket did not open. */
  refused(): void
  /** There is no ticket: a sentence why. */
  failed(reason: string): void
}

// No secret, only long.
const lockInBody = /[\w-]{43}/

/** Creates the view in its place. */
export function createOpeningView(): OpeningView {
  const sequence = createSequence(find('sequence', HTMLElement))
  const stub = createStub(find('stub', HTMLElement))
  const result = find('connection-result', HTMLElement)
  let holder = ''
  let asking: readonly string[] = []
  return {
    begin({ name, token }) {
      holder = name
      asking = ['POST /tickets', `Authorization: Bearer ${maskSecret(token)}`]
      sequence.reset()
      sequence.show('ask', 'under-way', asking)
      stub.blank()
      result.replaceChildren()
    },
    asked: (body) => sequence.show('ask', 'done', [...asking, body.replace(lockInBody, shortenId)]),
    answered(received, ticket) {
      if (ticket === null) {
        sequence.show('answer', 'failed', headAndBody(received))
        return
      }
      sequence.show('answer', 'done', ticketLines(ticket))
      stub.fresh(ticket, holder)
      sequence.show('present', 'under-way', presentLines(ticket))
    },
    opened(socket) {
      sequence.show('present', 'done')
      sequence.show('open', 'done')
      stub.spend()
      result.replaceChildren(whatCodeSees(socket))
    },
    refused() {
      sequence.show('present', 'done')
      sequence.show('open', 'failed', ['A browser is not told why it was refused. The audit is.'])
      stub.spend()
    },
    failed: (reason) => result.replaceChildren(element('p', { class: 'trouble', role: 'alert' }, reason)),
  }
}

function headAndBody(received: readonly string[]): readonly string[] {
  return [received[0]?.replace(/^HTTP\/\S+ /, '') ?? '', received.at(-1) ?? '']
}

function ticketLines({ ticket, expiresIn }: Ticket): readonly string[] {
  return ['201 Created', `{"ticket":"${maskSecret(ticket)}","expires_in":${expiresIn},…}`]
}

// The key stays within wsticket's client: not even this page has it.
function presentLines({ ticket }: Ticket): readonly string[] {
  return ['GET /ws', 'Upgrade: websocket', `Sec-WebSocket-Protocol: wsticket.v1, ${maskSecret(ticket)}, wsk_…`]
}

function whatCodeSees({ url, protocol }: WebSocket): HTMLElement {
  const code = `socket.url = '${url}'\nsocket.protocol = '${protocol}'`
  return element(
    'div',
    { class: 'code-sees' },
    element('p', {}, 'All that your code sees of it: no ticket and no key anywhere.'),
    element('pre', { class: 'transcript' }, code),
  )
}
