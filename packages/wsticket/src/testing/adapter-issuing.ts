/**
 * Cases of the adapter suite: tickets over HTTP.
 * @module
 */
import { StoreError } from '../errors.ts'
import { generateKey, lockOfKey } from '../lock.ts'
import { parseTicket, parseTicketId } from '../ticket.ts'
import type { AdapterCase } from './adapter-harness.ts'
import { expectAdmitted, expectProblem, expectReached, expectRefused, presenting, send } from './adapter-moves.ts'
import { credential, onStage, origin, type Stage } from './adapter-stage.ts'
import { expectSame, expectThat } from './conformance-case.ts'
import { headerOf, type RawResponse } from './raw-client.ts'

async function ask(stage: Stage, method: string, ...lines: readonly string[]): Promise<RawResponse> {
  const { host } = new URL(stage.server.httpUrl)
  const client = await stage.connect()
  client.send(`${[`${method} /tickets HTTP/1.1`, `Host: ${host}`, ...lines].join('\r\n')}\r\n\r\n`)
  return client.readResponse()
}

async function askFor(stage: Stage, wish: object): Promise<RawResponse> {
  const body = JSON.stringify(wish)
  const lines = ['Content-Type: application/json', `Content-Length: ${body.length}`, '', body]
  const { host } = new URL(stage.server.httpUrl)
  const client = await stage.connect()
  const head = ['POST /tickets HTTP/1.1', `Host: ${host}`, `Authorization: Bearer ${credential}`]
  client.send([...head, ...lines].join('\r\n'))
  return client.readResponse()
}

const authorized = [`Authorization: Bearer ${credential}`, 'Content-Length: 0']

/** What an adapter does with requests for tickets. */
export const issuingCases: readonly AdapterCase[] = [
  {
    name: 'issues a ticket over HTTP that nobody stores or sniffs',
    run: (harness) =>
      onStage(harness, {}, async (stage) => {
        const response = await ask(stage, 'POST', ...authorized)
        expectSame('the status', response.status, 201)
        expectSame('Cache-Control', headerOf(response, 'cache-control'), 'no-store')
        expectSame('X-Content-Type-Options', headerOf(response, 'x-content-type-options'), 'nosniff')
        expectThat(
          /^application\/json\b/.test(headerOf(response, 'content-type') ?? ''),
          'the content type should be JSON',
        )
        const body = JSON.parse(response.body) as { [member: string]: unknown }
        expectThat(parseTicket(String(body.ticket)) !== null, 'the body should have a ticket')
        expectThat(parseTicketId(String(body.id)) !== null, 'the body should have an id')
        expectSame('expires_in', body.expires_in, 30)
      }),
  },
  {
    name: 'reads the body of a request for a ticket',
    run: (harness) =>
      onStage(harness, {}, async (stage) => {
        const response = await askFor(stage, { audience: 7 })
        expectSame('the status', response.status, 400)
        expectProblem(response, 'bad_request')
      }),
  },
  {
    name: 'opens a WebSocket with a ticket that was issued over HTTP',
    run: (harness) =>
      onStage(harness, {}, async (stage) => {
        const { body } = await ask(stage, 'POST', ...authorized)
        const client = await send(stage, presenting(stage, JSON.parse(body)))
        await expectAdmitted(client)
      }),
  },
  {
    name: 'opens a WebSocket with the key of a ticket that was locked over HTTP, and none without',
    run: (harness) =>
      onStage(harness, {}, async (stage) => {
        const key = generateKey()
        const issue = async () => JSON.parse((await askFor(stage, { lock: lockOfKey(key) })).body)
        await expectAdmitted(await send(stage, presenting(stage, await issue(), { keys: [key] })))
        await expectRefused(await send(stage, presenting(stage, await issue())), 401, 'invalid_ticket')
        expectReached(stage, 1)
      }),
  },
  {
    name: "tells the ticket endpoint the peer's address",
    needs: ['peer_address'],
    run: (harness) =>
      onStage(harness, { addressPolicy: 'exact' }, async (stage) => {
        const { body } = await ask(stage, 'POST', ...authorized)
        const client = await send(stage, presenting(stage, JSON.parse(body)))
        await expectAdmitted(client)
      }),
  },
  {
    name: 'tells a page of a listed origin that it may read the ticket',
    run: (harness) =>
      onStage(harness, {}, async (stage) => {
        const response = await ask(stage, 'POST', ...authorized, `Origin: ${origin}`)
        expectSame('the status', response.status, 201)
        expectSame('Access-Control-Allow-Origin', headerOf(response, 'access-control-allow-origin'), origin)
        expectThat(/\borigin\b/i.test(headerOf(response, 'vary') ?? ''), 'Vary should name Origin')
      }),
  },
  {
    name: 'answers a preflight',
    run: (harness) =>
      onStage(harness, {}, async (stage) => {
        const response = await ask(stage, 'OPTIONS', `Origin: ${origin}`, 'Access-Control-Request-Method: POST')
        expectSame('the status', response.status, 204)
        expectSame('Access-Control-Allow-Origin', headerOf(response, 'access-control-allow-origin'), origin)
      }),
  },
  {
    name: 'answers a bad credential with 401 and what would help',
    run: (harness) =>
      onStage(harness, {}, async (stage) => {
        const response = await ask(stage, 'POST', 'Authorization: Bearer of-nobody', 'Content-Length: 0')
        expectSame('the status', response.status, 401)
        expectProblem(response, 'invalid_token')
        const challenge = headerOf(response, 'www-authenticate') ?? ''
        expectThat(challenge.startsWith('Bearer '), 'WWW-Authenticate should say Bearer')
      }),
  },
  {
    name: 'issues nothing by GET',
    run: (harness) =>
      onStage(harness, {}, async (stage) => {
        const response = await ask(stage, 'GET', ...authorized)
        expectSame('the status', response.status, 405)
        expectThat(!response.body.includes('wst_'), 'the answer to GET should have no ticket')
      }),
  },
  {
    name: 'answers 503 and Retry-After where the ticket cannot be stored',
    run: (harness) =>
      onStage(harness, {}, async (stage) => {
        stage.store.insert = () => Promise.reject(new StoreError('unavailable', 'the store is away'))
        const response = await ask(stage, 'POST', ...authorized)
        expectSame('the status', response.status, 503)
        expectProblem(response, 'try_later')
        expectThat(/^\d+$/.test(headerOf(response, 'retry-after') ?? ''), 'Retry-After should be a number of seconds')
      }),
  },
]
