/**
 * `wsticket-gateway options`: the reference of the documentation.
 * @module
 */
import { optionsMarkdown } from '../config/reference.ts'

/** Prints the options of `serve` as tables in Markdown. */
export async function options(): Promise<number> {
  process.stdout.write(optionsMarkdown())
  return 0
}
