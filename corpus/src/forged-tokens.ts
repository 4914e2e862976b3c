/**
 * Tokens that must never be accepted, each with the refusal that it gets (RFC 8725 section 2 names most of these attacks).
 * @module
 */
import { sign } from 'node:crypto'
import type { CredentialRefusal } from 'wsticket'
import {
  audience,
  base64url,
  createSigner,
  ecdsa,
  goodClaims,
  goodHeader,
  hmac,
  issuer,
  now,
  type Part,
  type Signer,
  segment,
  signed,
  tokenOf,
  withSignature,
} from './forge.ts'

/** A token that is no good, and what it is refused as. */
export type Forgery = readonly [description: string, token: string, refusal: CredentialRefusal]

type Refusal = Exclude<CredentialRefusal, 'credential_missing'>

const malformed = 'credential_malformed'
const invalid = 'credential_invalid'
const expired = 'credential_expired'

/** Every forgery, against an issuer whose one key is the signer's. `trap` is a URL that nobody may ask. */
export function forgeriesAgainst(signer: Signer, trap: string): readonly Forgery[] {
  const attacker = createSigner('attacker')
  return [
    ...unsigned(signer),
    ...signedWithThePublicKey(signer),
    ...withKeysOfTheirOwn(attacker, signer, trap),
    ...withOtherKeyIds(attacker),
    ...withBadSignatures(signer, attacker),
    ...withOtherAlgorithms(signer),
    ...broken(signer),
    ...withTwoOfOne(signer, attacker),
    ...withOtherHeaders(signer),
    ...withOtherClaims(signer),
  ]
}

function unsigned(signer: Signer): readonly Forgery[] {
  return ['none', 'None', 'nOnE', 'NONE', 'noNe', ' none', 'none ', 'none\u0000'].flatMap((alg) => {
    const header = { ...goodHeader(signer), alg }
    const good = tokenOf(signer).split('.')[2] as string
    const input = `${segment(header)}.${segment(goodClaims)}`
    return [
      [`alg ${JSON.stringify(alg)} without a signature`, `${input}.`, invalid],
      [`alg ${JSON.stringify(alg)} with the signature of another token`, `${input}.${good}`, invalid],
    ] as const
  })
}

function signedWithThePublicKey(signer: Signer): readonly Forgery[] {
  const pem = signer.publicKey.export({ format: 'pem', type: 'spki' }).toString()
  const { x = '', y = '' } = signer.jwk
  const point = Buffer.concat([Buffer.from([4]), Buffer.from(x, 'base64url'), Buffer.from(y, 'base64url')])
  const secrets: { readonly [spelling: string]: string | Uint8Array } = {
    'its PEM': pem,
    'its PEM without the last line break': pem.trimEnd(),
    'its PEM with CRLF': pem.replaceAll('\n', '\r\n'),
    'its PEM behind a space': ` ${pem}`,
    'its DER': signer.publicKey.export({ format: 'der', type: 'spki' }),
    'its JWK': JSON.stringify(signer.jwk),
    'its key set': JSON.stringify({ keys: [signer.jwk] }),
    'its point': point,
    'its x': x,
    'its key id': signer.kid,
    nothing: '',
    'a zero byte': '\u0000',
  }
  return Object.entries(secrets).flatMap(([spelling, secret]) =>
    ['HS256', 'HS384', 'HS512'].map((alg): Forgery => {
      const header = { ...goodHeader(signer), alg }
      return [`${alg} with ${spelling} as its secret`, withSignature(header, goodClaims, hmac(alg, secret)), invalid]
    }),
  )
}

function withKeysOfTheirOwn(attacker: Signer, signer: Signer, trap: string): readonly Forgery[] {
  const der = attacker.publicKey.export({ format: 'der', type: 'spki' }).toString('base64')
  const parameters: { readonly [name: string]: object } = {
    jwk: { jwk: attacker.jwk },
    'jwk that names the right key': { jwk: { ...attacker.jwk, kid: signer.kid } },
    'jwk that is a secret': { jwk: { kty: 'oct', k: 'AA' } },
    jku: { jku: trap },
    x5u: { x5u: trap },
    x5c: { x5c: [der] },
    x5t: { x5t: 'AA', 'x5t#S256': 'AA' },
    'jwk, jku, x5u and x5c': { jwk: attacker.jwk, jku: trap, x5u: trap, x5c: [der] },
  }
  return Object.entries(parameters).flatMap(([name, parameter]): readonly Forgery[] => [
    [`a ${name} of their own`, tokenOf(attacker, {}, { ...parameter, kid: signer.kid }), invalid],
    [`a ${name} of their own, and no kid`, tokenOf(attacker, {}, { ...parameter, kid: undefined }), invalid],
  ])
}

function withOtherKeyIds(attacker: Signer): readonly Forgery[] {
  const kids: readonly unknown[] = [
    '../../../../../../dev/null',
    '/etc/passwd',
    'file:///dev/null',
    "' OR '1'='1",
    "x' UNION SELECT 'secret' --",
    '| sleep 10',
    'http://127.0.0.1/keys',
    '',
    ' signer',
    'SIGNER',
    'signer\u0000',
    '__proto__',
    'constructor',
    'k'.repeat(10_000),
    null,
    0,
    true,
    [],
    ['signer'],
    {},
  ]
  return kids.flatMap((kid): readonly Forgery[] => {
    const header = { alg: 'HS256', typ: 'at+jwt', kid }
    const shown = JSON.stringify(kid).slice(0, 40)
    return [
      [`kid ${shown}`, tokenOf(attacker, {}, { kid }), invalid],
      [`kid ${shown} and an empty secret`, withSignature(header, goodClaims, hmac('HS256', '')), invalid],
    ]
  })
}

function withBadSignatures(signer: Signer, attacker: Signer): readonly Forgery[] {
  const order = Buffer.from('ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551', 'hex')
  const zero = Buffer.alloc(32)
  const right = (input: string) => ecdsa(signer, input)
  const signatures: { readonly [name: string]: (input: string) => Uint8Array } = {
    'r and s zero': () => Buffer.alloc(64),
    'r zero': (input) => Buffer.concat([zero, right(input).subarray(32)]),
    's zero': (input) => Buffer.concat([right(input).subarray(0, 32), zero]),
    'r the order of the group': (input) => Buffer.concat([order, right(input).subarray(32)]),
    's the order of the group': (input) => Buffer.concat([right(input).subarray(0, 32), order]),
    'r and s the order of the group': () => Buffer.concat([order, order]),
    'all ones': () => Buffer.alloc(64, 0xff),
    'r and s exchanged': (input) => Buffer.concat([right(input).subarray(32), right(input).subarray(0, 32)]),
    'in DER': (input) => sign('sha256', Buffer.from(input), signer.privateKey),
    'a byte short': (input) => right(input).subarray(0, 63),
    'a byte long': (input) => Buffer.concat([right(input), zero.subarray(0, 1)]),
    twice: (input) => Buffer.concat([right(input), right(input)]),
    empty: () => Buffer.alloc(0),
    'a bit off': (input) => right(input).map((byte, at) => (at === 40 ? byte ^ 1 : byte)),
    'of another text': (input) => right(`${input} `),
    "of somebody else's key": (input) => ecdsa(attacker, input),
  }
  const header = goodHeader(signer)
  return Object.entries(signatures).map(
    ([name, signature]): Forgery => [
      `a signature that is ${name}`,
      withSignature(header, goodClaims, signature),
      invalid,
    ],
  )
}

function withOtherAlgorithms(signer: Signer): readonly Forgery[] {
  const names = ['ES384', 'ES512', 'ES256K', 'RS256', 'PS256', 'EdDSA', 'Ed25519', 'es256', 'ES256 ', 'A128KW', 'dir']
  return names.map((alg): Forgery => [`alg ${alg}`, tokenOf(signer, {}, { alg }), invalid])
}

function broken(signer: Signer): readonly Forgery[] {
  const good = tokenOf(signer)
  const [header, claims, signature] = good.split('.') as [string, string, string]
  const texts: { readonly [name: string]: string } = {
    'the header alone': header,
    'no signature and no dot before it': `${header}.${claims}`,
    'no header': `.${claims}.${signature}`,
    'a dot alone': '.',
    'two dots alone': '..',
    'one dot too many': `${good}.`,
    'a dot before it': `.${good}`,
    'four parts': `${good}.${signature}`,
    'five parts, as an encrypted one has': `${header}.${claims}.${signature}.${claims}.${signature}`,
    'a header that is padded': `${header}=.${claims}.${signature}`,
    'nothing that is base64url': '~~~.~~~.~~~',
    'the alphabet of plain base64': `${header}.${claims}.${'+/'.repeat(43)}`,
    '100 KB of one letter': 'a'.repeat(100_000),
    '100 KB of dots': `a${'.'.repeat(100_000)}`,
  }
  const headers: { readonly [name: string]: Part } = {
    'no JSON': 'alg',
    'an array': '[]',
    'a string': '"ES256"',
    null: 'null',
    'a number': '7',
    empty: '',
    'cut off': '{"alg":"ES256"',
    'without alg': { typ: 'at+jwt', kid: signer.kid },
    'with a number for alg': { typ: 'at+jwt', kid: signer.kid, alg: 256 },
    'with an empty alg': { typ: 'at+jwt', kid: signer.kid, alg: '' },
    'not UTF-8': '\ud800',
  }
  const claimSets: { readonly [name: string]: Part } = {
    'no JSON': 'sub',
    'an array': '[{"sub":"alice"}]',
    'a string': '"alice"',
    null: 'null',
    'a number': '7',
    empty: '',
    'cut off': JSON.stringify(goodClaims).slice(0, -1),
    'two objects': `${JSON.stringify(goodClaims)}{}`,
    'another token': good,
  }
  return [
    ...entries(texts, ([name, text]) => [`${name}`, text, malformed]),
    ...entries(headers, ([name, part]) => [`a header that is ${name}`, signed(signer, part, goodClaims), malformed]),
    ...entries(claimSets, ([name, part]) => [
      `claims that are ${name}`,
      signed(signer, goodHeader(signer), part),
      malformed,
    ]),
    ['no claims', `${header}..${signature}`, invalid],
    ['the truncated signature of a good one', good.slice(0, -2), invalid],
    ['100 KB of claims that nobody signed', `${header}.${base64url('a'.repeat(75_000))}.${signature}`, invalid],
  ]
}

function withTwoOfOne(signer: Signer, attacker: Signer): readonly Forgery[] {
  const header = goodHeader(signer)
  const { kid } = signer
  const claims = JSON.stringify(goodClaims)
  const and = (more: string) => `${claims.slice(0, -1)},${more}}`
  return [
    [
      'alg twice, none first',
      signed(attacker, `{"alg":"none","alg":"ES256","typ":"at+jwt","kid":"${kid}"}`, goodClaims),
      invalid,
    ],
    [
      'alg twice, none last',
      signed(attacker, `{"alg":"ES256","alg":"none","typ":"at+jwt","kid":"${kid}"}`, goodClaims),
      invalid,
    ],
    [
      'kid twice',
      signed(attacker, `{"alg":"ES256","typ":"at+jwt","kid":"attacker","kid":"${kid}"}`, goodClaims),
      invalid,
    ],
    ['aud twice, ours first', signed(signer, header, and('"aud":"https://other.example"')), invalid],
    ['iss twice, ours first', signed(signer, header, and('"iss":"https://other.example"')), invalid],
    ['exp twice, a good one first', signed(signer, header, and('"exp":1')), expired],
    ['sub twice, a good one first', signed(signer, header, and('"sub":""')), malformed],
  ]
}

function withOtherHeaders(signer: Signer): readonly Forgery[] {
  const types: readonly unknown[] = [
    'JWT',
    'jwt',
    'application/jwt',
    'logout+jwt',
    'dpop+jwt',
    'secevent+jwt',
    'id_token',
    'at-jwt',
    'at+jwt ',
    'xat+jwt',
    'at+jwt;v=1',
    'text/at+jwt',
    '',
    null,
    7,
    ['at+jwt'],
  ]
  const header = (parameters: object) => tokenOf(signer, {}, parameters)
  return [
    ...types.map((typ): Forgery => [`typ ${JSON.stringify(typ)}`, header({ typ }), invalid]),
    ['no typ', header({ typ: undefined }), invalid],
    [
      'an extension that must be understood',
      header({ crit: ['https://evil.example'], 'https://evil.example': true }),
      invalid,
    ],
    ['an extension that must be understood and is not there', header({ crit: ['exp'] }), invalid],
    ['an empty crit', header({ crit: [] }), malformed],
    ['a crit that is no list', header({ crit: 'b64' }), malformed],
    ['a payload that is not encoded', header({ crit: ['b64'], b64: false }), malformed],
  ]
}

function withOtherClaims(signer: Signer): readonly Forgery[] {
  const claims = (name: string, values: readonly unknown[], refusal: Refusal) =>
    values.map(
      (value): Forgery => [
        `${name} ${JSON.stringify(value)}`.slice(0, 60),
        tokenOf(signer, { [name]: value }),
        refusal,
      ],
    )
  const raw = (name: string, value: string, refusal: Refusal): Forgery => [
    `${name} ${value}`,
    signed(
      signer,
      goodHeader(signer),
      `${JSON.stringify({ ...goodClaims, [name]: undefined }).slice(0, -1)},"${name}":${value}}`,
    ),
    refusal,
  ]
  const notNumbers = ['', String(now + 300), '2100-01-01', null, true, [], [now + 300], {}]
  return [
    ...claims('aud', ['https://other.example', '', `${audience}/`, `${audience}x`, audience.slice(0, -1)], invalid),
    ...claims('aud', [audience.toUpperCase(), ` ${audience}`, `${audience} other`, `${audience},other`], invalid),
    ...claims('aud', [[], ['https://other.example'], [[audience]], [null], null, true, 7, { 0: audience }], invalid),
    ...claims(
      'iss',
      [`${issuer}/`, issuer.toUpperCase(), issuer.replace('s:', ':'), `${issuer}:443`, `${issuer}.evil`],
      invalid,
    ),
    ...claims('iss', ['https://evil@issuer.example', '', null, 7, [issuer], { toString: issuer }], invalid),
    ...claims('exp', [now - 1, now - 1.5, now - 3600, 0, -1, -0.5, -Number.MAX_VALUE], expired),
    ...claims('exp', notNumbers, invalid),
    ...claims('exp', [Number.MAX_SAFE_INTEGER, 1e300], malformed),
    raw('exp', '1e309', malformed),
    raw('exp', '-1e309', expired),
    raw('exp', '"1e309"', invalid),
    ...claims('nbf', [now + 2, now + 3600, 1e300, ...notNumbers], invalid),
    raw('nbf', '1e309', invalid),
    ...claims('iat', notNumbers, invalid),
    ...claims(
      'sub',
      ['', null, 7, true, [], ['alice'], {}, 'a\u0000b', 'a\r\nb', '\ud800', 'a'.repeat(1025)],
      malformed,
    ),
    ...['aud', 'iss', 'exp', 'sub'].map(
      (name): Forgery => [`no ${name}`, tokenOf(signer, { [name]: undefined }), invalid],
    ),
  ]
}

function entries<Value>(
  values: { readonly [name: string]: Value },
  forge: (entry: [string, Value]) => Forgery,
): readonly Forgery[] {
  return Object.entries(values).map(forge)
}
