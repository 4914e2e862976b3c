import { spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { checkSecrets } from '../check-secrets.mjs'

// Put together at run time, so that a failure of this very file prints none in its code frame.
const ticket = `wst_${'Ab3-'.repeat(10)}Ab4`
const key = ticket.replace('wst_', 'wsk_')
const token = ['eyJhbGciOiJFUzI1NiJ9', 'eyJzdWIiOiJhIn0', 'c2ln'].join('.')

let folder = ''

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'check-secrets-'))
})

afterEach(() => rmSync(folder, { recursive: true }))

describe('check-secrets', () => {
  it('finds a ticket, names its line, and shows only its beginning', () => {
    writeFileSync(join(folder, 'transcript.log'), `first\nGET /?ticket=${ticket} 101\n`)
    expect(checkSecrets(folder).found).toEqual(['transcript.log:2 shows wst_Ab3-...'])
  })

  it('finds a token in a folder below', () => {
    mkdirSync(join(folder, '.gateway'))
    writeFileSync(join(folder, '.gateway', 'out.log'), `{"authorization":"Bearer ${token}"}`)
    expect(checkSecrets(folder).found).toEqual(['.gateway/out.log:1 shows eyJhbGci...'])
  })

  it('finds the key of a locked ticket, and shows only its beginning', () => {
    writeFileSync(join(folder, 'a.log'), `Sec-WebSocket-Protocol: wsticket.v1, ${key}`)
    expect(checkSecrets(folder).found).toEqual(['a.log:1 shows wsk_Ab3-...'])
  })

  it('finds several on one line', () => {
    writeFileSync(join(folder, 'a.log'), `${ticket}.${key} ${token}`)
    expect(checkSecrets(folder).found).toHaveLength(3)
  })

  it('finds nothing in ids, redacted tickets and texts about tickets', () => {
    writeFileSync(join(folder, 'a.log'), `wst_... wsk_... wst_[redacted] ${ticket.slice(4)} eyJhbGciOiJFUzI1NiJ9`)
    expect(checkSecrets(folder).found).toEqual([])
  })

  it('exits with 1 as a command', () => {
    writeFileSync(join(folder, 'a.log'), ticket)
    const command = fileURLToPath(new URL('../check-secrets.mjs', import.meta.url))
    const { status, stdout } = spawnSync(process.execPath, [command, folder], { encoding: 'utf8' })
    expect(status).toBe(1)
    expect(stdout).not.toContain(ticket)
  })
})
