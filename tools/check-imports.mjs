/**
 * Holds the import graph to the one-way flow of ARCHITECTURE.md. One line per violation; none is good.
 *   node tools/check-imports.mjs [root]
 * Type-only imports are arrows like any other.
 */
import { readFileSync } from 'node:fs'
import { builtinModules } from 'node:module'
import { join, posix } from 'node:path'
import { pathToFileURL } from 'node:url'
import { listTree, readModules } from './module-graph.mjs'

/** @import { Import, Module } from './module-graph.mjs' */

const vocabulary = [
  'ticket',
  'lock',
  'random',
  'claims',
  'clock',
  'refusals',
  'events',
  'errors',
  'digest',
  'problem',
  'sessions',
  'loopback',
  'wire',
  'ticket-cookie',
  'deadline',
  'circuit-breaker',
  'record-text',
  'inspector',
  'next-event',
  'redis-scripts',
  'redis-inspection',
  'builtin-module',
  'network-filesystem',
]
const ports = [
  'ticket-store',
  'credential',
  'carrier',
  'check',
  'handshake',
  'redis-driver',
  'postgres-driver',
  'nats-driver',
]
const words = [...vocabulary, ...ports]
const sqlite = ['sqlite-connection', 'sqlite-database', 'sqlite-failure', 'sqlite-file', 'sqlite-reign']
const parts = ['issuer', 'checks/', 'carriers/', 'credentials/']
const steps = ['admission-options', 'presentation', 'ticket-request', 'cors']
const entries = ['admission', 'ticket-endpoint']

/**
 * THE TABLE: who may import whom inside packages/wsticket/src, from the bottom up. A name is a file without its `.ts`; with a
 * slash at its end it is every file of a folder. What is not in `mayImport` may not be imported, a file of the same folder
 * included. Nobody lists `testing/`, and nobody but the client `client/`. `node: true`: may import `node:` modules.
 */
const layers = [
  { places: vocabulary, mayImport: words },
  { places: ports, mayImport: words },
  { places: ['engine'], mayImport: ['ticket-store', 'circuit-breaker', 'inspector', 'deadline', 'errors'] },
  { places: ['postgres-statements'], mayImport: ['digest', 'errors', 'postgres-driver'] },
  { places: ['postgres-inspection'], mayImport: ['ticket-store', 'errors', 'postgres-driver', 'postgres-statements'] },
  { places: ['nats-bucket'], mayImport: ['ticket-store', 'clock', 'deadline', 'errors', 'nats-driver'] },
  { places: sqlite, mayImport: ['errors', 'builtin-module', 'network-filesystem', ...sqlite] },
  {
    places: ['stores/'],
    mayImport: [
      'ticket-store',
      'ticket',
      'clock',
      'errors',
      'digest',
      'deadline',
      'record-text',
      'engine',
      'sqlite-connection',
      'redis-driver',
      'redis-scripts',
      'redis-inspection',
      'postgres-driver',
      'postgres-statements',
      'postgres-inspection',
      'nats-driver',
      'nats-bucket',
    ],
  },
  {
    places: ['drivers/'],
    mayImport: ['redis-driver', 'postgres-driver', 'nats-driver', 'next-event', 'clock', 'errors'],
  },
  { places: ['store-url'], mayImport: ['errors'] },
  { places: ['store-client'], mayImport: ['ticket-store', 'deadline', 'errors'] },
  { places: ['opener'], mayImport: ['ticket-store', 'clock', 'store-url'] },
  {
    places: ['openers/'],
    mayImport: [...words, 'opener', 'store-url', 'store-client', 'stores/', 'drivers/'],
    node: true,
  },
  { places: ['store-source'], mayImport: ['errors', 'store-url', 'opener', 'openers/'] },
  { places: ['open-store'], mayImport: ['ticket-store', 'clock', 'store-source'] },
  { places: ['checks/', 'carriers/', 'credentials/'], mayImport: words },
  { places: ['issuer'], mayImport: words },
  { places: steps, mayImport: [...words, ...parts, 'presentation'] },
  { places: entries, mayImport: [...words, ...parts, ...steps] },
  {
    places: ['adapters/'],
    mayImport: [...words, ...entries, 'adapters/'],
    node: true,
  },
  { places: ['index'], mayImport: [...words, ...parts, ...entries] },
  { places: ['client/'], mayImport: ['client/', 'refusals', 'wire', 'loopback'] },
  {
    places: ['testing/'],
    mayImport: [...words, ...parts, ...entries, 'opener', 'store-source', 'stores/', 'testing/'],
    node: true,
  },
]

/** What each entry that runs in browsers and at the edge may reach in the end, besides our own modules. Never `node:`. */
const portableEntries = {
  index: ['jose', 'ipaddr.js', '@noble/hashes', 'oauth4webapi'],
  'client/index': /** @type {string[]} */ ([]),
}

/** Time, chance and output come in as arguments: these are named in the places listed here, and nowhere else. */
const ambient = [
  { name: /^Date\.now$/, places: ['clock', 'testing/'] },
  { name: /^Math\.random$/, places: ['testing/'] },
  { name: /^console\./, places: ['testing/'] },
]

/** Folder names that say nothing about what is inside. */
const emptyNames = new Set(['utils', 'helpers', 'common', 'shared', 'misc', 'lib'])

/** What stands outside the library and uses it as any other application would. */
const consumers = ['packages/gateway', 'packages/playground', 'benchmarks', 'proofs', 'corpus', 'examples']

const library = 'packages/wsticket'
const source = `${library}/src`

/**
 * @param {string} root of the repository
 * @returns {string[]} one line per violation
 */
export function checkImports(root) {
  const { folders } = listTree(root, '')
  const manifest = JSON.parse(readFileSync(join(root, library, 'package.json'), 'utf8'))
  const modules = readModules(root, source)
  return [
    ...modules.flatMap((module) => [
      ...checkArrows(module),
      ...checkPackages(module, manifest),
      ...checkAmbient(module),
    ]),
    ...checkCycles(modules),
    ...Object.entries(portableEntries).flatMap(([entry, packages]) => checkPortability(modules, entry, packages)),
    ...folders.flatMap(checkFolder),
    ...consumers
      .filter((folder) => folders.includes(folder))
      .flatMap((folder) => readModules(root, folder).flatMap((module) => checkConsumer(module, folder, manifest))),
  ]
}

/** @param {string} path from the root @returns {string} `stores/redis` */
function nameOf(path) {
  return posix.relative(source, path).replace(/\.ts$/, '')
}

/** @param {string} name @param {string} place @returns {boolean} */
function standsIn(name, place) {
  return place.endsWith('/') ? name.startsWith(place) : name === place
}

/** @param {string} name @returns {(typeof layers)[number] | undefined} */
function layerOf(name) {
  return layers.find(({ places }) => places.some((place) => standsIn(name, place)))
}

/** (a) No arrow points back. @param {Module} module @returns {string[]} */
function checkArrows({ path, imports }) {
  const layer = layerOf(nameOf(path))
  if (!layer) return [`${path} has no place: add it to the table at the top of tools/check-imports.mjs`]
  return imports
    .filter(({ target }) => target !== null)
    .filter(({ target }) => !layer.mayImport.some((place) => standsIn(nameOf(target ?? ''), place)))
    .map(
      ({ specifier, line }) => `${path}:${line} imports ${specifier}, but may import only ${layer.mayImport.join(' ')}`,
    )
}

/** (b) Packages are declared, built-in modules are for adapters. @param {Module} module @param {any} manifest @returns {string[]} */
function checkPackages({ path, imports }, manifest) {
  const declared = new Set(Object.keys({ ...manifest.dependencies, ...manifest.peerDependencies }))
  const node = layerOf(nameOf(path))?.node === true
  return imports.filter(isOutside).flatMap(({ specifier, line }) => {
    if (isBuiltin(specifier)) return node ? [] : [`${path}:${line} imports ${specifier}, which only adapters may`]
    if (declared.has(packageOf(specifier))) return []
    return [`${path}:${line} imports ${specifier}, which is no dependency in ${library}/package.json`]
  })
}

/** (b) What an entry reaches runs everywhere. @param {Module[]} modules @param {string} entry @param {string[]} packages */
function checkPortability(modules, entry, packages) {
  const byPath = new Map(modules.map((module) => [module.path, module]))
  const start = `${source}/${entry}.ts`
  /** @type {Map<string, string>} how each module is reached */
  const ways = new Map([[start, nameOf(start)]])
  const violations = []
  for (const [path, way] of ways) {
    for (const { specifier, target } of byPath.get(path)?.imports ?? []) {
      if (target !== null && !ways.has(target)) ways.set(target, `${way} -> ${nameOf(target)}`)
      if (target !== null || (!isBuiltin(specifier) && packages.includes(packageOf(specifier)))) continue
      violations.push(`${start} reaches ${specifier}: ${way} -> ${specifier}`)
    }
  }
  return violations
}

/** (a) Not even in a circle inside one layer. @param {Module[]} modules @returns {string[]} */
function checkCycles(modules) {
  const byPath = new Map(modules.map((module) => [module.path, module]))
  const settled = new Set()
  /** @type {string[]} */
  const violations = []
  const visit = (/** @type {string} */ path, /** @type {string[]} */ trail) => {
    if (trail.includes(path)) violations.push(`a circle: ${[...trail.slice(trail.indexOf(path)), path].join(' -> ')}`)
    if (settled.has(path)) return
    settled.add(path)
    for (const { target } of byPath.get(path)?.imports ?? []) if (target !== null) visit(target, [...trail, path])
  }
  for (const { path } of modules) visit(path, [])
  return violations
}

/** (c) Nothing ambient. @param {Module} module @returns {string[]} */
function checkAmbient({ path, mentions }) {
  const forbidden = ambient.filter(({ places }) => !places.some((place) => standsIn(nameOf(path), place)))
  return mentions
    .filter((mention) => forbidden.some(({ name }) => name.test(mention.name)))
    .map(({ name, line }) => `${path}:${line} names ${name}: time, chance and output come in as arguments`)
}

/** (d) Folders say what is inside, and sources nest one deep. @param {string} path @returns {string[]} */
function checkFolder(path) {
  const violations = emptyNames.has(posix.basename(path)) ? [`${path}/ has a name that says nothing`] : []
  if (/^packages\/[^/]+\/src\/[^/]+\/[^/]+$/.test(path)) violations.push(`${path}/ is nested too deep`)
  return violations
}

/** (e) Consumers use the public specifiers. @param {Module} module @param {string} home @param {any} manifest @returns {string[]} */
function checkConsumer({ path, imports }, home, manifest) {
  return imports.flatMap(({ specifier, target, line }) => {
    if (target !== null && !target.startsWith(`${home}/`))
      return [`${path}:${line} imports ${specifier}, outside of ${home}`]
    if (packageOf(specifier) !== manifest.name || isExported(specifier, manifest)) return []
    return [`${path}:${line} imports ${specifier}, which ${manifest.name} does not export`]
  })
}

/** @param {string} specifier @param {any} manifest @returns {boolean} */
function isExported(specifier, manifest) {
  const subpath = `.${specifier.slice(manifest.name.length)}`
  return Object.keys(manifest.exports).some((key) => {
    return key.endsWith('/*') ? posix.dirname(subpath) === posix.dirname(key) : subpath === key
  })
}

/** @param {Import} found @returns {boolean} */
function isOutside({ target }) {
  return target === null
}

/** @param {string} specifier @returns {boolean} */
function isBuiltin(specifier) {
  return specifier.startsWith('node:') || builtinModules.includes(specifier)
}

/** @param {string} specifier @returns {string} `@scope/name` of `@scope/name/path` */
function packageOf(specifier) {
  return specifier.split('/', specifier.startsWith('@') ? 2 : 1).join('/')
}

if (process.argv[1] && import.meta.url === pathToFileURL(process.argv[1]).href) {
  const violations = checkImports(process.argv[2] ?? process.cwd())
  for (const violation of violations) console.log(violation)
  console.log(violations.length === 0 ? 'The import graph is sound.' : `${violations.length} violations`)
  process.exitCode = violations.length === 0 ? 0 : 1
}
