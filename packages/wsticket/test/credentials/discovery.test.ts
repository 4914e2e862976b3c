import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { ConfigurationError } from 'wsticket'
import { discoverKeys } from 'wsticket/credentials/discovery'
import { createKeyServer, type KeyServer } from './key-server.ts'

let server: KeyServer
let issuer: string

beforeEach(async () => {
  server = await createKeyServer()
  issuer = server.url.origin
})

afterEach(() => server.close())

describe('an issuer', () => {
  it('says where its keys are', async () => {
    const paths: (string | undefined)[] = []
    server.answer(({ url }, response) => {
      paths.push(url)
      response.setHeader('Content-Type', 'application/json')
      response.end(JSON.stringify({ issuer, jwks_uri: `${issuer}/jwks` }))
    })
    expect((await discoverKeys(issuer)).href).toBe(`${issuer}/jwks`)
    expect((await discoverKeys(issuer, { algorithm: 'oauth2' })).href).toBe(`${issuer}/jwks`)
    expect(paths).toEqual(['/.well-known/openid-configuration', '/.well-known/oauth-authorization-server'])
  })

  it.each(['http://issuer.example', 'http://10.0.0.1', 'ftp://127.0.0.1', 'issuer.example', ''])(
    'may not be %j',
    async (insecure) => {
      await expect(discoverKeys(insecure)).rejects.toThrow(ConfigurationError)
    },
  )

  it.each<[string, object]>([
    ['names itself otherwise', { issuer: 'https://issuer.example', jwks_uri: 'https://issuer.example/jwks' }],
    ['names itself with a slash at the end', { issuer: 'ISSUER/', jwks_uri: 'https://issuer.example/jwks' }],
    ['has no keys', { issuer: 'ISSUER' }],
    ['has keys at what is no URL', { issuer: 'ISSUER', jwks_uri: 'jwks' }],
  ])('that %s is misconfigured', async (_, metadata) => {
    server.answer((_request, response) => {
      response.setHeader('Content-Type', 'application/json')
      response.end(JSON.stringify(metadata).replace('ISSUER', issuer))
    })
    await expect(discoverKeys(issuer)).rejects.toThrow(ConfigurationError)
  })

  it.each<[string, () => void]>([
    ['answers 500', () => server.answer((_, response) => response.writeHead(500).end())],
    ['sends a page', () => server.answer((_, response) => response.end('<html>'))],
    ['closes the connection', () => server.answer(({ socket }) => socket.destroy())],
    ['redirects', () => server.answer((_, response) => response.writeHead(302, { Location: '/elsewhere' }).end())],
  ])('that %s is not believed', async (_, trouble) => {
    trouble()
    const outcome = await discoverKeys(issuer).catch((error: unknown) => error)
    expect(outcome).toBeInstanceOf(Error)
    expect(outcome).not.toBeInstanceOf(ConfigurationError)
    expect(server.hits).toBe(1)
  })

  it('that never answers is given up when told', async () => {
    const patience = new AbortController()
    const timeout = vi.spyOn(AbortSignal, 'timeout').mockReturnValue(patience.signal)
    server.answer(() => patience.abort())
    await expect(discoverKeys(issuer, { timeoutMs: 77 })).rejects.toThrow()
    expect(timeout).toHaveBeenCalledWith(77)
  })
})
