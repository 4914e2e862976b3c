/**
 * Reads modules from disk: what each imports, and which ambient members (`Date.now`) it names. Comments and strings do not
 * count: the modules are parsed.
 * @module
 */
import { readdirSync, readFileSync } from 'node:fs'
import { join, posix } from 'node:path'
import { parseSync, Visitor } from 'oxc-parser'

/**
 * @typedef {object} Import
 * @property {string} specifier as it is written; `(computed)` where an `import()` takes no literal
 * @property {string | null} target path of the imported module from the root; null for a package or a built-in module
 * @property {number} line
 *
 * @typedef {object} Mention
 * @property {string} name `Date.now`
 * @property {number} line
 *
 * @typedef {object} Module
 * @property {string} path from the root, with slashes
 * @property {Import[]} imports static, dynamic, re-exporting and type-only ones alike
 * @property {Mention[]} mentions of members of `Date`, `Math` and `console`
 */

const sourceFile = /\.(ts|mts|js|mjs)$/
const notOurs = new Set(['node_modules', 'dist', 'coverage'])
const ambientObjects = new Set(['Date', 'Math', 'console'])

/**
 * Every folder and file below a folder, except what is installed, built or hidden.
 * @param {string} root
 * @param {string} folder from the root; '' for the root itself
 * @returns {{ folders: string[], files: string[] }} paths from the root
 */
export function listTree(root, folder) {
  const tree = { folders: /** @type {string[]} */ ([]), files: /** @type {string[]} */ ([]) }
  const entries = readdirSync(join(root, folder), { withFileTypes: true })
  for (const entry of entries.sort((a, b) => (a.name < b.name ? -1 : 1))) {
    if (notOurs.has(entry.name) || entry.name.startsWith('.')) continue
    const path = posix.join(folder, entry.name)
    if (entry.isFile()) tree.files.push(path)
    if (!entry.isDirectory()) continue
    const inner = listTree(root, path)
    tree.folders.push(path, ...inner.folders)
    tree.files.push(...inner.files)
  }
  return tree
}

/**
 * The modules below a folder.
 * @param {string} root
 * @param {string} folder
 * @returns {Module[]}
 */
export function readModules(root, folder) {
  return listTree(root, folder)
    .files.filter((path) => sourceFile.test(path))
    .map((path) => parseModule(path, readFileSync(join(root, path), 'utf8')))
}

/**
 * @param {string} path
 * @param {string} source
 * @returns {Module}
 * @throws Error where the source does not parse
 */
function parseModule(path, source) {
  const { program, errors } = parseSync(path, source)
  if (errors[0]) throw new Error(`${path} does not parse: ${errors[0].message}`)
  const lineOf = (/** @type {number} */ offset) => source.slice(0, offset).split('\n').length
  const module = { path, imports: /** @type {Import[]} */ ([]), mentions: /** @type {Mention[]} */ ([]) }
  const collect = (/** @type {any} */ node) => {
    if (node.source) module.imports.push(importOf(path, node.source, lineOf(node.start)))
  }
  new Visitor({
    ImportDeclaration: collect,
    ExportNamedDeclaration: collect,
    ExportAllDeclaration: collect,
    ImportExpression: collect,
    TSImportType: collect,
    MemberExpression: ({ object, property, start }) => {
      if (object.type !== 'Identifier' || !ambientObjects.has(object.name)) return
      module.mentions.push({ name: `${object.name}.${memberOf(property)}`, line: lineOf(start) })
    },
  }).visit(program)
  return module
}

/** @param {import('oxc-parser').MemberExpression['property']} property @returns {string} `now` of `Date.now`, `Date['now']` */
function memberOf(property) {
  if (property.type === 'Identifier') return property.name
  return property.type === 'Literal' ? String(property.value) : '(computed)'
}

/**
 * @param {string} path of the importing module
 * @param {{ value?: unknown }} source the node of the specifier
 * @param {number} line
 * @returns {Import}
 */
function importOf(path, source, line) {
  const specifier = typeof source.value === 'string' ? source.value : '(computed)'
  const target = specifier.startsWith('.') ? posix.join(posix.dirname(path), specifier) : null
  return { specifier, target, line }
}
