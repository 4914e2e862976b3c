import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { type AddressInfo, createServer, type Socket } from 'node:net'
import { expect, it, onTestFinished } from 'vitest'
import { internal, type SmugglingCase, smuggled, smuggling } from 'wsticket-corpus/classes/smuggling'
import { exchange, statusOf } from 'wsticket-corpus/exchange'
import { linesWith, requestOf } from 'wsticket-corpus/handshake-case'
import { mostKeptBytes, watch } from 'wsticket-corpus/watch'
import { type GatewayUnderTest, startGateway } from '../gateway-under-test.ts'

/** What an upstream got for a case: before it answered, and behind that. */
interface Got {
  early: string
  late: string
}

/** Answers each handshake with the bytes of the case that it names in `X-Case`. */
async function startUpstream(got: Map<string, Got>): Promise<string> {
  const sockets = new Set<Socket>()
  const server = createServer((socket) => {
    sockets.add(socket)
    socket.on('error', () => {})
    const heard: Got = { early: '', late: '' }
    let answered = false
    socket.on('data', (chunk: Buffer) => {
      heard[answered ? 'late' : 'early'] += chunk.toString('latin1')
      if (answered || !heard.early.includes('\r\n\r\n')) return
      answered = true
      const name = decodeURIComponent(/^x-case: (.*)$/im.exec(heard.early)?.[1] ?? '')
      got.set(name, heard)
      // What is behind the handshake would be here by now.
      setTimeout(
        () =>
          answer(
            socket,
            smuggling.cases.find((one) => one.name === name),
            heard.early,
          ),
        10,
      )
    })
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  onTestFinished(() => {
    for (const socket of sockets) socket.destroy()
    server.close()
  })
  return `ws://127.0.0.1:${(server.address() as AddressInfo).port}`
}

function answer(socket: Socket, one: SmugglingCase | undefined, head: string): void {
  const key = /^sec-websocket-key: (.*)$/im.exec(head)?.[1] ?? ''
  const accept = createHash('sha1').update(`${key}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`).digest('base64')
  socket.write(one?.reply.replaceAll('ACCEPT', accept) ?? '', 'latin1')
  if (one?.closes) socket.end()
}

const atATime = 8
const limits = ['--tickets-per-subject=unlimited', '--ticket-rate-per-subject=unlimited']
const statuses = { tunnelled: [101], unavailable: [502], timed_out: [504], rejected: [0, 400, 401, 404, 417] }

async function complaintsOf(gateway: GatewayUnderTest, got: Map<string, Got>, one: SmugglingCase) {
  const { name, verdict, lines } = one
  const ticket = await gateway.ticket()
  const more = [`X-Case: ${encodeURIComponent(name)}`, ...lines]
  const protocol = `Sec-WebSocket-Protocol: chat.v1, wsticket.v1, ${ticket}`
  const bytes = requestOf('GET /ws HTTP/1.1', linesWith(ticket, { protocol, more }), smuggled)
  const { text } = await exchange(gateway.port, bytes)
  // The upstream has what was tunnelled a moment after the client has its 101.
  if (verdict === 'tunnelled') await new Promise((resolve) => setTimeout(resolve, 20))
  const complaints: string[] = []
  if (!statuses[verdict].includes(statusOf(text))) complaints.push(`${statusOf(text)} in place of ${verdict}`)
  if (text.includes(internal)) complaints.push('the client sees what the upstream says')
  const { early = '', late = '' } = got.get(name) ?? {}
  if (early.includes('/smuggled')) complaints.push('something was sent before the 101')
  if (late !== (verdict === 'tunnelled' ? smuggled : '')) complaints.push(`${late.length} bytes were tunnelled`)
  if (verdict === 'rejected' && got.has(name)) complaints.push('the upstream heard of it')
  if (`${early}${late}${text}`.includes('wst_')) complaints.push('a ticket was passed on')
  return complaints.map((complaint) => `${name}: ${complaint}`)
}

it('tunnels nothing, either way, but behind a 101 that answers the handshake', async () => {
  const got = new Map<string, Got>()
  const gateway = await startGateway(await startUpstream(got), limits, { upstreamTimeoutMs: 4000 })
  const { result, crashes, keptBytes } = await watch(async () => {
    const complaints: string[] = []
    const waiting = [...smuggling.cases]
    const play = async () => {
      for (let one = waiting.shift(); one !== undefined; one = waiting.shift()) {
        complaints.push(...(await complaintsOf(gateway, got, one)))
      }
    }
    await Promise.all(Array.from({ length: atATime }, play))
    return complaints
  })
  expect(result).toEqual([])
  expect(crashes).toEqual([])
  expect(keptBytes).toBeLessThan(mostKeptBytes)
}, 30_000)
