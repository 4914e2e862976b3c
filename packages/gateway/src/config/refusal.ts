/**
 * What the library says against something, asked by trying it.
 * @module
 */
import { ConfigurationError } from 'wsticket'

/** What the library says against a value; null where it takes it. */
export function refusalOf(construct: () => unknown): string | null {
  try {
    construct()
    return null
  } catch (error) {
    if (!(error instanceof ConfigurationError)) throw error
    return error.message.slice(error.option.length + 1)
  }
}
