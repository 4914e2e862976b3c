/**
 * From the command line to a verb.
 * @module
 */
import type { Environment } from '../config/given.ts'
import { nearest } from '../config/nearest.ts'
import { dev } from './dev.ts'
import { help } from './help.ts'
import { options } from './options.ts'
import { serve } from './serve.ts'
import { store } from './store.ts'
import { tell, type Verb } from './verb.ts'
import { version } from './version.ts'

const verbs: ReadonlyMap<string, Verb> = new Map(Object.entries({ serve, dev, store, options, help, version }))
const spelledAsFlags: ReadonlyMap<string, Verb> = new Map([
  ['--help', help],
  ['-h', help],
  ['--version', version],
])

/** Runs the verb that is named first, and returns its exit code. */
export async function run([name = 'help', ...args]: readonly string[], environment: Environment): Promise<number> {
  const verb = verbs.get(name) ?? spelledAsFlags.get(name)
  if (verb !== undefined) return verb(args, environment)
  const meant = nearest(name, [...verbs.keys()])
  tell(`${JSON.stringify(name)} is no verb of wsticket-gateway${meant === null ? '' : `: did you mean ${meant}?`}`)
  return 2
}
