/**
 * How much of a secret, an id or a subject the page shows.
 * @module
 */

// Longer than what a mask shows, so that what is masked stays as it is.
const secret = /(?:wst_|wsk_)[\w-]{5,}|eyJ[\w-]+\.[\w-]+\.[\w-]+/g
const shownOfSecret = 8
const shownOfId = 8

/** The beginning of a ticket or a token: enough to tell two apart, of no use to anyone. */
export function maskSecret(text: string): string {
  return `${text.slice(0, shownOfSecret)}…`
}

/** A text with every ticket and token in it masked: for whatever comes from the wire. */
export function maskSecrets(text: string): string {
  return text.replace(secret, maskSecret)
}

/** The beginning of a ticket's id, which is no secret, only long. */
export function shortenId(id: string): string {
  return `${id.slice(0, shownOfId)}…`
}

/** The two halves of a subject: `issuer#name`. The issuer is empty where there is none. */
export function splitSubject(subject: string): { readonly issuer: string; readonly name: string } {
  // The first # is wsticket's: an issuer has none (RFC 8414 section 2).
  const mark = subject.indexOf('#')
  return { issuer: subject.slice(0, Math.max(mark, 0)), name: subject.slice(mark + 1) }
}
