/**
 * Step 1: a name becomes a token.
 * @module
 */
import { element, find, within } from './dom.ts'
import { type Session, signIn } from './session.ts'
import { createTokenCard } from './token-card.ts'
import { describeError } from './trouble.ts'

/** Wires the form, and tells of every sign-in. */
export function mountSignIn(onSignedIn: (session: Session) => void): void {
  const form = find('sign-in', HTMLFormElement)
  const name = find('name', HTMLInputElement)
  const submit = within(form, 'button', HTMLButtonElement)
  const card = createTokenCard(find('token', HTMLElement))
  name.value = nameFromAddress() ?? name.value
  form.addEventListener('submit', (event) => {
    event.preventDefault()
    void attempt()
  })

  async function attempt(): Promise<void> {
    try {
      const session = await signIn(name.value.trim())
      submit.textContent = 'Sign in again'
      tell('done', 'Signed in as ', element('strong', {}, session.name), '.')
      card.show(session)
      onSignedIn(session)
    } catch (error) {
      tell('failed', describeError(error))
    }
  }
}

function tell(outcome: 'done' | 'failed', ...words: (string | Node)[]): void {
  const state = find('sign-in-state', HTMLElement)
  state.dataset.outcome = outcome
  state.replaceChildren(...words)
}

/** `/?name=bob`, the address of the second tab, fills in the name. */
function nameFromAddress(): string | null {
  return new URLSearchParams(location.search).get('name')
}
