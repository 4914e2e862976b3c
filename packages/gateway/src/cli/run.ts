/**
 * From the command line to a verb.
 * @module
 */
import type { Environment } from '../config/given.ts'
import { nearest } from '../config/nearest.ts'
import { dev } from './dev.ts'
import { tell, type Verb } from './verb.ts'

const verbs: { readonly [name: string]: Verb } = { dev }

/** Runs the verb that is named first, and returns its exit code. */
export async function run([name = 'help', ...args]: readonly string[], environment: Environment): Promise<number> {
  const verb = Object.hasOwn(verbs, name) ? verbs[name] : undefined
  if (verb !== undefined) return verb(args, environment)
  const meant = nearest(name, Object.keys(verbs))
  tell(`${JSON.stringify(name)} is no verb of wsticket-gateway${meant === null ? '' : `: did you mean ${meant}?`}`)
  return 2
}
