/**
 * What a token says: masked, with its claims decoded and its end in sight.
 * @module
 */
import { element } from './dom.ts'
import type { Session } from './session.ts'
import type { TokenClaims } from './token.ts'

/** Shows one token at a time. */
export interface TokenCard {
  show(session: Session): void
}

const meanings: { readonly [claim: string]: string } = {
  iss: 'issued by',
  sub: 'about',
  aud: 'meant for',
  iat: 'issued at',
  nbf: 'not before',
  exp: 'ends at',
}
const times = new Set(['iat', 'nbf', 'exp'])
const clockTime = new Intl.DateTimeFormat('en-GB', { timeStyle: 'medium' })

/** Creates the card in its place. */
export function createTokenCard(place: HTMLElement): TokenCard {
  let timer: ReturnType<typeof setInterval> | undefined
  return {
    show({ token, claims }) {
      clearInterval(timer)
      const remaining = element('span', { class: 'remaining' })
      place.replaceChildren(element('div', { class: 'token-card' }, maskedToken(token), claimList(claims, remaining)))
      const tick = (): void => countDown(remaining, claims.exp)
      tick()
      timer = setInterval(tick, 1000)
    },
  }
}

/** Three parts of a JWT; of the third, which makes the token worth stealing, nothing is shown. */
function maskedToken(token: string): HTMLElement {
  const [header = '', payload = ''] = token.split('.')
  return element(
    'p',
    { class: 'token-text' },
    element('span', { class: 'token-label' }, 'Token'),
    element(
      'code',
      {},
      element('span', { class: 'token-header', title: 'header' }, `${header.slice(0, 6)}…`),
      '.',
      element('span', { class: 'token-payload', title: 'claims' }, `${payload.slice(0, 6)}…`),
      '.',
      element('span', { class: 'token-signature', title: 'signature, not shown' }, '••••••••'),
    ),
  )
}

function claimList(claims: TokenClaims, remaining: HTMLElement): HTMLElement {
  const rows = Object.entries(claims).map(([claim, value]) =>
    element(
      'div',
      {},
      element('dt', {}, element('code', {}, claim), ' ', element('span', {}, meanings[claim] ?? '')),
      element('dd', {}, showClaim(claim, value), ...(claim === 'exp' ? [' ', remaining] : [])),
    ),
  )
  return element('dl', { class: 'claims' }, ...rows)
}

function showClaim(claim: string, value: unknown): string {
  if (times.has(claim) && typeof value === 'number') return clockTime.format(value * 1000)
  return typeof value === 'string' ? value : JSON.stringify(value)
}

function countDown(remaining: HTMLElement, exp: number): void {
  const seconds = Math.max(0, Math.ceil(exp - Date.now() / 1000))
  const [minutes, rest] = [Math.floor(seconds / 60), String(seconds % 60).padStart(2, '0')]
  remaining.textContent = seconds === 0 ? 'expired: sign in again' : `in ${minutes}:${rest}`
  remaining.classList.toggle('is-over', seconds === 0)
}
