// Control: an endpoint that verifies the same JWT with jose on node:http and answers a constant of the same size.
import { createServer } from 'node:http'
import { createLocalJWKSet, jwtVerify } from 'jose'
import { audience, issuer, keys, signToken } from './identity-provider.mjs'
import { serve } from './subject.mjs'

const keySet = createLocalJWKSet(keys)
const body = JSON.stringify({ ticket: 'x'.repeat(47), id: 'y'.repeat(43), expires_in: 30, session_expires_in: 3600 })
const headers = {
  'Content-Type': 'application/json',
  'Cache-Control': 'no-store',
  'X-Content-Type-Options': 'nosniff',
  Vary: 'Origin',
  'Access-Control-Allow-Origin': 'https://app.example',
  'Access-Control-Expose-Headers': 'Retry-After, WWW-Authenticate',
  'Content-Length': Buffer.byteLength(body),
}

const server = createServer((request, response) => void answer(request, response))
server.done = 0

async function answer(request, response) {
  const token = request.headers.authorization.slice('Bearer '.length)
  await jwtVerify(token, keySet, {
    issuer,
    audience,
    typ: 'at+jwt',
    algorithms: ['ES256'],
    requiredClaims: ['sub', 'exp'],
  })
  response.writeHead(201, headers)
  response.end(body)
  server.done++
}

serve(server, async (count) => Array(count).fill(await signToken()))
