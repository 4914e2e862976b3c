import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterEach, describe, expect, it } from 'vitest'
import { checkImports } from '../check-imports.mjs'

/** @type {string[]} */
const trees = []

/** A small sound repository and, on top of it, the files that are under test. */
function plant(/** @type {Record<string, string>} */ files) {
  const root = mkdtempSync(join(tmpdir(), 'check-imports-'))
  trees.push(root)
  const manifest = {
    name: 'wsticket',
    exports: { '.': './dist/index.js', './client': './dist/client/index.js', './stores/*': './dist/stores/*.js' },
    dependencies: { jose: '1.0.0', srvx: '1.0.0' },
  }
  const sound = {
    'packages/wsticket/package.json': JSON.stringify(manifest),
    'packages/wsticket/src/index.ts': "export * from './ticket.ts'\nexport { issue } from './issuer.ts'",
    'packages/wsticket/src/ticket.ts':
      "import { base64url } from 'jose'\nexport type Ticket = string & typeof base64url",
    'packages/wsticket/src/ticket-store.ts':
      "import type { Ticket } from './ticket.ts'\nexport type TicketStore = (ticket: Ticket) => void",
    'packages/wsticket/src/issuer.ts':
      "import type { TicketStore } from './ticket-store.ts'\nexport const issue = {} as TicketStore",
    'packages/wsticket/src/admission.ts': "import './carriers/query.ts'",
    'packages/wsticket/src/carriers/query.ts': "import type { Ticket } from '../ticket.ts'\nexport type Query = Ticket",
    'packages/wsticket/src/stores/memory.ts':
      "import type { TicketStore } from '../ticket-store.ts'\nexport type Memory = TicketStore",
    'packages/wsticket/src/adapters/node.ts': "import 'node:http'\nimport '../admission.ts'",
    'packages/wsticket/src/client/index.ts':
      "export const url = 'https://a.example/' // Date.now() in a comment is none",
    'packages/gateway/src/main.ts': "import 'wsticket'\nimport 'wsticket/stores/memory'\nimport 'node:http'",
  }
  for (const [path, text] of Object.entries({ ...sound, ...files })) {
    mkdirSync(dirname(join(root, path)), { recursive: true })
    writeFileSync(join(root, path), text)
  }
  return root
}

afterEach(() => {
  for (const tree of trees.splice(0)) rmSync(tree, { recursive: true })
})

const src = 'packages/wsticket/src'

/** @type {[title: string, files: Record<string, string>, line: RegExp][]} */
const violations = [
  [
    'a store that knows the issuer',
    { [`${src}/stores/redis.ts`]: "import '../issuer.ts'" },
    /redis\.ts:1 imports \.\.\/issuer\.ts, but may import only ticket-store /,
  ],
  [
    'a type that points back',
    { [`${src}/carriers/cookie.ts`]: "\nimport type { Admission } from '../admission.ts'\nexport type A = Admission" },
    /cookie\.ts:2 imports \.\.\/admission\.ts/,
  ],
  [
    'an import type that points back',
    { [`${src}/clock.ts`]: "export type A = import('./issuer.ts').A" },
    /clock\.ts:1 imports \.\/issuer\.ts/,
  ],
  [
    'a dynamic import that points back',
    { [`${src}/clock.ts`]: "export const a = import('./issuer.ts')" },
    /clock\.ts:1 imports \.\/issuer\.ts/,
  ],
  [
    'a re-export that points back',
    { [`${src}/clock.ts`]: "export * from './issuer.ts'" },
    /clock\.ts:1 imports \.\/issuer\.ts/,
  ],
  [
    'a store that imports another',
    { [`${src}/stores/redis.ts`]: "import './memory.ts'" },
    /redis\.ts:1 imports \.\/memory\.ts/,
  ],
  [
    'an issuer that imports a store',
    { [`${src}/issuer.ts`]: "import './stores/memory.ts'\nexport const issue = 1" },
    /issuer\.ts:1 imports \.\/stores\/memory\.ts/,
  ],
  [
    'a library file that imports the suites',
    { [`${src}/issuer.ts`]: "import './testing/suite.ts'\nexport const issue = 1", [`${src}/testing/suite.ts`]: '' },
    /issuer\.ts:1 imports \.\/testing\/suite\.ts/,
  ],
  [
    'a client that knows the core',
    { [`${src}/client/source.ts`]: "import '../ticket.ts'" },
    /source\.ts:1 imports \.\.\/ticket\.ts, but may import only client\/ refusals/,
  ],
  [
    'a suite that knows an adapter',
    { [`${src}/testing/suite.ts`]: "import '../adapters/node.ts'" },
    /suite\.ts:1 imports \.\.\/adapters\/node\.ts/,
  ],
  [
    'an import from outside of src',
    { [`${src}/clock.ts`]: "import '../test/clock.ts'" },
    /clock\.ts:1 imports \.\.\/test\/clock\.ts/,
  ],
  [
    'a circle',
    { [`${src}/ticket.ts`]: "import './claims.ts'", [`${src}/claims.ts`]: "import './ticket.ts'" },
    /a circle: .*\/ticket\.ts -> .*\/claims\.ts -> .*\/ticket\.ts/,
  ],
  ['a file without a place', { [`${src}/quota.ts`]: '' }, /quota\.ts has no place: add it to the table/],
  ['a folder without a place', { [`${src}/badges/a.ts`]: '' }, /badges\/a\.ts has no place/],
  [
    'a node: module below the root',
    { [`${src}/ticket.ts`]: "import type { Hash } from 'node:crypto'\nexport type Ticket = Hash" },
    /src\/index\.ts reaches node:crypto: index -> ticket -> node:crypto/,
  ],
  ['a built-in module by its bare name', { [`${src}/ticket.ts`]: "import 'crypto'" }, /src\/index\.ts reaches crypto/],
  ['a package in the client', { [`${src}/client/index.ts`]: "import 'jose'" }, /src\/client\/index\.ts reaches jose/],
  ['a heavy package below the root', { [`${src}/ticket.ts`]: "import 'srvx'" }, /src\/index\.ts reaches srvx/],
  [
    'a package that is no dependency',
    { [`${src}/adapters/ws.ts`]: "import 'ws'" },
    /ws\.ts:1 imports ws, which is no dependency/,
  ],
  [
    'a node: module in a store',
    { [`${src}/stores/sqlite.ts`]: "import 'node:fs'" },
    /sqlite\.ts:1 imports node:fs, which only adapters may/,
  ],
  ['the wall clock', { [`${src}/issuer.ts`]: 'export const issue = Date.now()' }, /issuer\.ts:1 names Date\.now/],
  [
    'the wall clock in other spelling',
    { [`${src}/issuer.ts`]: "export const issue = Date['now']()" },
    /issuer\.ts:1 names Date/,
  ],
  ['chance', { [`${src}/issuer.ts`]: 'export const issue = Math.random()' }, /issuer\.ts:1 names Math\.random/],
  [
    'output',
    { [`${src}/issuer.ts`]: "export const issue = 1\nconsole.error('x')" },
    /issuer\.ts:2 names console\.error/,
  ],
  [
    'a folder that says nothing',
    { 'packages/gateway/src/utils/a.ts': '' },
    /gateway\/src\/utils\/ has a name that says nothing/,
  ],
  [
    'a folder in a folder',
    { 'packages/gateway/src/server/http/a.ts': '' },
    /gateway\/src\/server\/http\/ is nested too deep/,
  ],
  [
    'a consumer that reaches into the library',
    { 'packages/gateway/src/main.ts': "import '../../wsticket/src/ticket.ts'" },
    /main\.ts:1 imports \.\.\/\.\.\/wsticket\/src\/ticket\.ts, outside of packages\/gateway/,
  ],
  [
    'a consumer of what is not exported',
    { 'packages/gateway/test/a.test.ts': "import 'wsticket/issuer'" },
    /a\.test\.ts:1 imports wsticket\/issuer, which wsticket does not export/,
  ],
]

describe('check-imports', () => {
  it('finds nothing in a sound tree', () => {
    expect(checkImports(plant({}))).toEqual([])
  })

  it.each(violations)('finds %s', (_title, files, line) => {
    expect(checkImports(plant(files)).filter((violation) => line.test(violation))).toHaveLength(1)
  })

  it('lets the clock name the wall clock', () => {
    expect(checkImports(plant({ [`${src}/clock.ts`]: 'export const systemClock = Date.now' }))).toEqual([])
  })
})
