import { describe, expect, it } from 'vitest'
import { type ConfigurationCase, configuration, requiredFlags } from 'wsticket-corpus/classes/configuration'
import { readConfiguration } from '../../src/config/read-configuration.ts'

/** The flags of a case, in place of the required ones of the same name. */
function flagsOf(flags: readonly string[]): readonly string[] {
  const names = flags.map((flag) => flag.split('=', 1)[0])
  return [...requiredFlags.filter((flag) => !names.includes(flag.split('=', 1)[0])), ...flags]
}

function complaintsOf({ name, flags, environment, verdict, blames }: ConfigurationCase): readonly string[] {
  const outcome = readConfiguration(flagsOf(flags), environment)
  const problems = 'problems' in outcome ? outcome.problems : []
  const complaints: string[] = []
  if (problems.length !== (verdict === 'starts' ? 0 : 1)) complaints.push(`${problems.length} lines`)
  if (problems.some((line) => !/^[^\r\n]+$/.test(line))) complaints.push('a line that is none')
  if (problems.some((line) => !line.startsWith(`${blames} `))) complaints.push(`blames ${problems.join(' and ')}`)
  return complaints.map((complaint) => `${name}: ${complaint}`)
}

describe('the gateway', () => {
  it('refuses to start on each of these, in one line that names what was told; and starts on the good ones', () => {
    expect(configuration.cases.flatMap(complaintsOf)).toEqual([])
  })
})
