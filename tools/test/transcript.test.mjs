import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { createTranscript } from '../transcript.mjs'

let folder = ''
let path = ''

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'transcript-'))
  path = join(folder, 'transcript.log')
  vi.spyOn(process.stdout, 'write').mockReturnValue(true)
})

afterEach(() => {
  vi.restoreAllMocks()
  rmSync(folder, { recursive: true })
})

describe('transcript', () => {
  it('keeps what a command prints on both streams, and passes it on', async () => {
    const script = "console.log('out', process.env.LETTER); console.error('err')"
    expect(await createTranscript(path).run([process.execPath, '-e', script], { LETTER: 'a' })).toBe(true)
    const kept = readFileSync(path, 'utf8')
    expect(kept.split('\n').sort()).toEqual(['', 'err', 'out a'])
    expect(vi.mocked(process.stdout.write).mock.calls.join('')).toBe(kept)
  })

  it('keeps what a part prints until its end, in one piece', async () => {
    const transcript = createTranscript(path)
    const part = transcript.part()
    part.write('first ')
    expect(await part.run([process.execPath, '-e', 'console.log("then")'], {})).toBe(true)
    transcript.write('meanwhile ')
    part.end()
    expect(readFileSync(path, 'utf8')).toBe('meanwhile first then\n')
  })

  it('tells that a command failed', async () => {
    expect(await createTranscript(path).run([process.execPath, '-e', 'process.exit(3)'], {})).toBe(false)
  })

  it('tells that a command is not there', async () => {
    expect(await createTranscript(path).run(['no-such-command'], {})).toBe(false)
    expect(readFileSync(path, 'utf8')).toContain('no-such-command cannot be run')
  })
})
