import { expect, it } from 'vitest'
import { type IdentityCase, identities } from 'wsticket-corpus/classes/identities'
import { mostKeptBytes, watch } from 'wsticket-corpus/watch'
import { sendHandshake } from '../clients.ts'
import { type GatewayUnderTest, issuer, startGateway } from '../gateway-under-test.ts'
import { type RawUpstream, startRawUpstream, switchingProtocols } from '../upstreams.ts'

interface Stage {
  readonly gateway: GatewayUnderTest
  readonly upstream: RawUpstream
}

/** A ticket for a subject; null where there is none. */
async function ticketFor({ url }: GatewayUnderTest, subject: string): Promise<string | null> {
  const headers = { authorization: `Bearer ${encodeURIComponent(JSON.stringify(subject))}` }
  const response = await fetch(`${url}/tickets`, { method: 'POST', headers })
  return response.status === 201 ? ((await response.json()) as { ticket: string }).ticket : null
}

/** What is wrong with what the upstream gets for a case. */
async function complaintsOf({ gateway, upstream }: Stage, { name, verdict, subject = 'alice', line }: IdentityCase) {
  const ticket = await ticketFor(gateway, subject)
  if (verdict === 'refused') return ticket === null ? [] : [`${name}: has a ticket`]
  if (ticket === null) return [`${name}: has no ticket`]
  const before = upstream.heads.length
  const answer = await sendHandshake(gateway, ticket, { lines: line === undefined ? [] : [line] }).all()
  if (!answer.startsWith('HTTP/1.1 101 ')) return [`${name}: no 101`]
  const head = upstream.heads[before] ?? ''
  const values = [...head.matchAll(/^x[^a-z]?wsticket[^a-z]?subject: (.*)$/gim)].map((match) => match[1] ?? '')
  const complaints: string[] = []
  if (values.length !== 1) complaints.push(`${values.length} subjects`)
  if (!/^[!-~]+$/.test(values[0] ?? '')) complaints.push('no visible ASCII')
  if (decodeURIComponent(values[0] ?? '') !== `${issuer}#${subject}`) complaints.push('another subject')
  if (head.includes('mallory')) complaints.push('what the client claims')
  if (head.split('\r\n').length !== 12) complaints.push(`${head.split('\r\n').length} lines`)
  return complaints.map((complaint) => `${name}: ${complaint}`)
}

it('carries every identity to the upstream as it is, in one header, and nobody else', async () => {
  const upstream = await startRawUpstream((socket, key) => socket.end(switchingProtocols(key)))
  const gateway = await startGateway(upstream.url)
  const { result, crashes, keptBytes } = await watch(async () => {
    const complaints: string[] = []
    for (const one of identities.cases) complaints.push(...(await complaintsOf({ gateway, upstream }, one)))
    return complaints
  })
  expect(result).toEqual([])
  expect(crashes).toEqual([])
  expect(keptBytes).toBeLessThan(mostKeptBytes)
  expect(upstream.heads).toHaveLength(identities.cases.filter(({ verdict }) => verdict !== 'refused').length)
}, 30_000)
