/**
 * A Set-Cookie header as a browser reads it (RFC 6265 section 5.2), for whoever has to say what one sets.
 * @module
 */

/** What a Set-Cookie sets. */
export interface SetCookie {
  readonly name: string
  readonly value: string
  /** Names in lower case; '' for an attribute without a value. */
  readonly attributes: { readonly [name: string]: string }
}

/** Parses the value of one Set-Cookie header. Of an attribute that comes twice the last one counts, as in browsers. */
export function parseSetCookie(line: string): SetCookie {
  const [first = '', ...others] = line.split(';')
  const [name, value] = parsePair(first)
  return { name, value, attributes: Object.fromEntries(others.map(parseAttribute)) }
}

function parseAttribute(text: string): readonly [name: string, value: string] {
  const [name, value] = parsePair(text)
  return [name.toLowerCase(), value]
}

function parsePair(text: string): readonly [name: string, value: string] {
  const equals = text.indexOf('=')
  return equals < 0 ? [text.trim(), ''] : [text.slice(0, equals).trim(), text.slice(equals + 1).trim()]
}
