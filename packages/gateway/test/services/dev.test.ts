import { fork } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import type { AddressInfo } from 'node:net'
import { createServer } from 'node:net'
import { fileURLToPath } from 'node:url'
import { describe, expect, it, onTestFinished } from 'vitest'
import { WebSocket } from 'ws'
import { openWebSocket, sendHandshake } from '../clients.ts'
import { addressOf, type Program, run, start } from './program.ts'

async function startDev() {
  const program = start(['dev'], { PORT: '0' })
  const { url, port } = await addressOf(program)
  return { program, url, port, ticket: (subject: string) => requestTicket(url, subject) }
}

async function requestTicket(url: string, subject: string): Promise<string> {
  const headers = { 'content-type': 'application/json' }
  const signedIn = await fetch(`${url}/dev/token`, { method: 'POST', headers, body: JSON.stringify({ subject }) })
  const { access_token } = (await signedIn.json()) as { access_token: string }
  const response = await fetch(`${url}/tickets`, {
    method: 'POST',
    headers: { authorization: `Bearer ${access_token}` },
  })
  return ((await response.json()) as { ticket: string }).ticket
}

/** Opens a WebSocket of the chat, and keeps what it hears. */
async function join(gateway: { url: string; port: number }, ticket: string) {
  const heard: unknown[] = []
  const waiting = new Set<() => void>()
  const socket = openWebSocket(gateway, ticket, {
    origin: gateway.url,
    finishRequest(request, opening) {
      ;(opening as unknown as WebSocket).on('message', (data: Buffer) => {
        heard.push(JSON.parse(data.toString()))
        for (const look of waiting) look()
      })
      request.end()
    },
  })
  const hears = (count: number) =>
    new Promise<unknown[]>((resolve) => {
      const look = () => {
        if (heard.length >= count) resolve(heard)
      }
      waiting.add(look)
      look()
    })
  return { socket: await socket, hears }
}

/** The chat server's process. Linux only. */
function childOf({ process: { pid } }: Program): number {
  const [child] = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim().split(' ')
  return Number(child)
}

/** Whether a process runs: it exists, and is not merely waiting to be collected. Linux only. */
function isAlive(pid: number): boolean {
  try {
    return !/^State:\tZ/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'))
  } catch {
    return false
  }
}

describe('dev', () => {
  it('says loudly that it is for development only, and where it is', async () => {
    const { program, url } = await startDev()
    expect(await program.said(/FOR DEVELOPMENT ONLY.*/)).toContain('signs in anybody as anybody')
    expect(await program.said(/Open .*/)).toBe(`Open ${url}`)
  })

  it('lets two people talk, who know each other by what the gateway says of them', async () => {
    const gateway = await startDev()
    const [alice, bob] = ['alice', 'zoë'].map((name) => `${gateway.url}/dev#${name}`)
    const first = await join(gateway, await gateway.ticket('alice'))
    expect(await first.hears(1)).toEqual([{ type: 'welcome', you: alice, others: [] }])
    const second = await join(gateway, await gateway.ticket('zoë'))
    expect(await second.hears(1)).toEqual([{ type: 'welcome', you: bob, others: [alice] }])
    first.socket.send('{"type":"say","text":"hello"}')
    second.socket.send('what?')
    await second.hears(3)
    second.socket.send('{"type":"say","text":"good morning"}')
    expect((await second.hears(4)).slice(1)).toEqual(
      expect.arrayContaining([
        { type: 'said', from: alice, text: 'hello', at: expect.any(Number) },
        { type: 'said', from: bob, text: 'good morning', at: expect.any(Number) },
        { type: 'error', detail: expect.any(String) },
      ]),
    )
    second.socket.close()
    expect((await first.hears(5)).slice(1)).toEqual([
      { type: 'joined', who: bob },
      { type: 'said', from: alice, text: 'hello', at: expect.any(Number) },
      { type: 'said', from: bob, text: 'good morning', at: expect.any(Number) },
      { type: 'left', who: bob },
    ])
  })

  it('serves the page and the modules that it imports', async () => {
    const { url } = await startDev()
    for (const path of ['/', '/modules/wsticket/client/index.js', '/modules/wsticket/refusals.js']) {
      expect([path, (await fetch(`${url}${path}`)).status]).toEqual([path, 200])
    }
  })

  it('ends on SIGTERM with exit code 0, with somebody connected and somebody listening', async () => {
    const gateway = await startDev()
    const { socket } = await join(gateway, await gateway.ticket('alice'))
    const events = await fetch(`${gateway.url}/dev/events`)
    const closed = once(socket, 'close')
    gateway.program.process.kill('SIGTERM')
    expect(await gateway.program.ended).toMatchObject({ code: 0 })
    await closed
    await events.text()
  })

  it.runIf(process.platform === 'linux')('takes the chat server with it, even when it is killed', async () => {
    const { program } = await startDev()
    const chat = childOf(program)
    expect(isAlive(chat)).toBe(true)
    program.process.kill('SIGKILL')
    await program.ended
    await expect.poll(() => isAlive(chat)).toBe(false)
  })

  it.runIf(process.platform === 'linux')('says so when the chat server has ended, and goes on with 502', async () => {
    const gateway = await startDev()
    process.kill(childOf(gateway.program), 'SIGKILL')
    expect(await gateway.program.said(/The chat server has ended.*/)).toMatch(/SIGKILL.*502/)
    const ticket = await gateway.ticket('alice')
    const answer = await sendHandshake(gateway, ticket, { origin: gateway.url }).all()
    expect(answer).toMatch(/^HTTP\/1\.1 502 /)
  })

  it('says in one line that its port is taken', async () => {
    const server = createServer().listen(0, '127.0.0.1')
    await once(server, 'listening')
    onTestFinished(() => void server.close())
    const { port } = server.address() as AddressInfo
    expect(await run(['dev'], { PORT: String(port) })).toEqual({
      code: 1,
      stdout: '',
      lines: [`Port ${port} is taken. Choose another: PORT=8081 npm start`],
    })
  })

  it.each(['http', '-1', '65536', '80.5'])('cannot listen on the port %s', async (PORT) => {
    const lines = ['PORT must be a number from 0 to 65535']
    expect(await run(['dev'], { PORT })).toEqual({ code: 2, stdout: '', lines })
  })
})

describe('the chat server', () => {
  it('takes only those whom the gateway names: no page can', async () => {
    const file = fileURLToPath(new URL('../../dist/development/chat-server.js', import.meta.url))
    const chat = fork(file, { stdio: ['ignore', 'inherit', 'inherit', 'ipc'] })
    onTestFinished(() => void chat.kill())
    const [{ port }] = (await once(chat, 'message')) as [{ port: number }]
    const socket = new WebSocket(`ws://127.0.0.1:${port}`, { origin: 'https://evil.example' })
    const [{ message }] = (await once(socket, 'error')) as [Error]
    expect(message).toMatch(/401/)
  })
})
