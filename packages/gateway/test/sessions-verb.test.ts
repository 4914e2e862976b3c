import { expect, it, vi } from 'vitest'
import { sessions } from '../src/cli/sessions.ts'

/** What it says, and its exit code. */
async function say(args: readonly string[], environment: Record<string, string> = {}) {
  const said = vi.spyOn(process.stderr, 'write').mockReturnValue(true)
  const code = await sessions(args, environment)
  const line = said.mock.calls.map(([text]) => String(text)).join('')
  said.mockRestore()
  return { code, line }
}

const nowhere = 'redis://127.0.0.1:1'

it.each([
  [[], /^sessions takes: list/],
  [['lst', nowhere], /^sessions takes: list/],
  [['list', nowhere, 'more'], /^sessions takes: list/],
  [['list', nowhere, '--id', 'x'], /^sessions takes: list/],
  [['list', nowhere, '--everything'], /^sessions takes: list/],
  [['end', nowhere], /^sessions takes: list/],
  [['end', nowhere, '--id', 'x', '--subject', 'y'], /^sessions takes: list/],
  [['end', nowhere, '--who', 'x'], /^sessions takes: list/],
  [['list'], /needs the URL of a store/],
  [['list', 'mysql://x'], /must begin with one of/],
  [['list', 'memory:'], /those of one process/],
  [['end', nowhere, '--id', 'x'], /^An id has 43/],
  [['end', nowhere, '--subject', 'alice'], /the issuer, # and a name/],
] as const)('sessions %j is called wrongly, and says how to call it', async (args, line) => {
  expect(await say(args)).toEqual({ code: 2, line: expect.stringMatching(line) })
})

const dashedId = '-VCaA8j7nFm0CwT7PG8pDfgTqTa6yYy3sWqTqv8Q0aM'

it.each(['list', 'end --everything', `end --id ${dashedId}`, `end --id=${dashedId}`])(
  'sessions %s fails where the engine is away',
  async (call) => {
    const { code, line } = await say(call.split(' '), { WSTICKET_STORE: `${nowhere}?deadlineMs=200` })
    expect({ code, line }).toEqual({ code: 1, line: expect.stringMatching(/^The engine cannot be asked now: /) })
  },
)
