/**
 * Plays a class of handshakes, and looks after the process meanwhile.
 * @module
 */
import type { CorpusClass } from './corpus-class.ts'
import type { HandshakeCase } from './handshake-case.ts'
import { playHandshakes } from './handshake-play.ts'
import type { HandshakeTarget } from './handshake-target.ts'
import { mostKeptBytes, watch } from './watch.ts'

/** Resolves with one line for each expectation that was not met: a verdict, a crash, memory that is kept. None is good. */
export async function playClass(
  target: HandshakeTarget,
  { cases, good }: CorpusClass<HandshakeCase>,
): Promise<readonly string[]> {
  const { result, crashes, keptBytes } = await watch(() => playHandshakes(target, cases))
  const due = cases.filter(({ verdict }) => good.includes(verdict)).length
  return [
    ...result.complaints,
    ...crashes.map((crash) => `crashed: ${String(crash)}`),
    ...(keptBytes < mostKeptBytes ? [] : [`${keptBytes} bytes are kept`]),
    ...(result.admitted === due ? [] : [`${result.admitted} were admitted, not ${due}`]),
  ]
}
