/**
 * What was given on the command line and in the environment, not yet understood.
 * @module
 */
import { parseArgs } from 'node:util'
import { nearest } from './nearest.ts'
import { options, variableOf } from './options.ts'

/** The texts that were given for one option, and where. */
export interface GivenTexts {
  /** `--listen` or `WSTICKET_LISTEN`: what a complaint is about. */
  readonly source: string
  readonly texts: readonly string[]
}

/** Everything that was given: by flag, and what is wrong already. */
export interface Given {
  readonly byFlag: ReadonlyMap<string, GivenTexts>
  readonly problems: readonly string[]
}

/** Environment variables. */
export type Environment = { readonly [variable: string]: string | undefined }

const rows = Object.values(options)
const flags = rows.map(({ flag }) => flag)
const spelledFlags = flags.map((flag) => `--${flag}`)
const lists = new Set(rows.filter(({ reading }) => reading.kind === 'list').map(({ flag }) => flag))

/** Collects what was given. A flag goes before its variable; a variable that is empty counts as not set. */
export function collectGiven(args: readonly string[], environment: Environment): Given {
  const fromArgs = readArgs(args)
  const fromEnvironment = readEnvironment(environment)
  return {
    byFlag: new Map([...fromEnvironment.byFlag, ...fromArgs.byFlag]),
    problems: [...fromArgs.problems, ...fromEnvironment.problems],
  }
}

function readArgs(args: readonly string[]): Given {
  const byFlag = new Map<string, GivenTexts>()
  const problems: string[] = []
  // parseArgs would take the next flag for the value.
  const isBare = (arg: string, at: number) => spelledFlags.includes(arg) && (args[at + 1]?.startsWith('--') ?? true)
  problems.push(...args.filter(isBare).map((arg) => `${arg} needs a value`))
  const declared = Object.fromEntries(flags.map((flag) => [flag, { type: 'string', multiple: true } as const]))
  const complete = args.filter((arg, at) => !isBare(arg, at))
  const { tokens } = parseArgs({ args: complete, options: declared, strict: false, tokens: true })
  let strangerAt = -1
  for (const token of tokens) {
    if (token.kind === 'option' && flags.includes(token.name)) {
      const before = byFlag.get(token.name)?.texts ?? []
      if (before.length > 0 && !lists.has(token.name)) problems.push(`${token.rawName} is given twice`)
      byFlag.set(token.name, { source: token.rawName, texts: [...before, token.value ?? ''] })
    } else if (token.kind === 'option') {
      problems.push(unknown(token.rawName, [...spelledFlags, '--check', '--help']))
      strangerAt = token.index
    } else if (token.kind === 'positional' && token.index !== strangerAt + 1) {
      problems.push(`${JSON.stringify(glimpseOf(token.value))} is not expected here`)
    }
  }
  return { byFlag, problems }
}

// What Kubernetes puts into every container beside a Service whose name begins with wsticket.
const serviceLink = /_(?:SERVICE_HOST|SERVICE_PORT(?:_\w+)?|PORT(?:_\d+_\w+)?)$/

function readEnvironment(environment: Environment): Given {
  const byFlag = new Map<string, GivenTexts>()
  for (const flag of flags) {
    const source = variableOf(flag)
    const text = environment[source]
    if (text === undefined || text === '') continue
    byFlag.set(flag, { source, texts: lists.has(flag) ? text.split(',').map((member) => member.trim()) : [text] })
  }
  const variables = flags.map(variableOf)
  const strangers = Object.keys(environment).filter(
    (name) => name.startsWith('WSTICKET_') && !variables.includes(name) && !serviceLink.test(name),
  )
  return { byFlag, problems: strangers.map((name) => unknown(name, variables)) }
}

/** Enough of an argument to find it by; of a URL, which may hold a password, only its scheme. */
function glimpseOf(argument: string): string {
  return argument.replace(/:.*/s, ':').slice(0, 20)
}

function unknown(written: string, names: readonly string[]): string {
  const meant = nearest(written, names)
  return `${written} is not known${meant === null ? '' : `: did you mean ${meant}?`}`
}
