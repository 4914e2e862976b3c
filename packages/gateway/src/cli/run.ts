/**
 * From the command line to a verb.
 * @module
 */
import type { Environment } from '../config/given.ts'
import { nearest } from '../config/nearest.ts'
import { tell, type Verb } from './verb.ts'

type Load = () => Promise<Verb>

const help: Load = async () => (await import('./help.ts')).help
const version: Load = async () => (await import('./version.ts')).version

/** Each is loaded where it is named: whoever asks for the version does not wait until a gateway is read in. */
const verbs: ReadonlyMap<string, Load> = new Map(
  Object.entries({
    serve: async () => (await import('./serve.ts')).serve,
    dev: async () => (await import('./dev.ts')).dev,
    store: async () => (await import('./store.ts')).store,
    sessions: async () => (await import('./sessions.ts')).sessions,
    options: async () => (await import('./options.ts')).options,
    help,
    version,
  }),
)
const spelledAsFlags: ReadonlyMap<string, Load> = new Map([
  ['--help', help],
  ['-h', help],
  ['--version', version],
])

/** Runs the verb that is named first, and returns its exit code. */
export async function run([name = 'help', ...args]: readonly string[], environment: Environment): Promise<number> {
  const load = verbs.get(name) ?? spelledAsFlags.get(name)
  if (load !== undefined) return (await load())(args, environment)
  const meant = nearest(name, [...verbs.keys()])
  tell(`${JSON.stringify(name)} is no verb of wsticket-gateway${meant === null ? '' : `: did you mean ${meant}?`}`)
  return 2
}
