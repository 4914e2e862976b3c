/**
 * Tests what is published: packs both packages, installs the tarballs into an empty project, and uses them there.
 *   node tools/pack-test.mjs
 */
import { execFileSync, spawnSync } from 'node:child_process'
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { publint } from 'publint'
import { formatMessage } from 'publint/utils'
import { checkContents, listEntries } from './package-contents.mjs'

/** @import { Entry } from './package-contents.mjs' */

/**
 * @typedef {object} Packed
 * @property {string} tarball
 * @property {string[]} files
 * @property {any} manifest
 * @property {string} home folder of the package in this repository
 */

const root = fileURLToPath(new URL('..', import.meta.url))
const workspace = readJson(join(root, 'package.json'))
const importLimitMs = 10_000
/** What is said where a store is named, and the package of its client is not there. */
const absentClients = {
  'redis://127.0.0.1': 'redis: needs the package ioredis: npm install ioredis',
  'redis+cluster://127.0.0.1': 'redis: needs the package ioredis: npm install ioredis',
  'postgres://127.0.0.1/app': 'postgres: needs the package pg: npm install pg',
  'nats://127.0.0.1':
    'nats: needs the packages @nats-io/transport-node and @nats-io/jetstream: npm install @nats-io/transport-node @nats-io/jetstream',
}
const room = mkdtempSync(join(tmpdir(), 'wsticket-pack-'))

try {
  const packages = ['packages/wsticket', 'packages/gateway'].map(pack)
  const faults = [...packages.flatMap(checkTarball), ...(await checkInstalled(packages))]
  for (const fault of faults) console.log(fault)
  console.log(faults.length === 0 ? 'Both tarballs can be published.' : `${faults.length} faults`)
  process.exitCode = faults.length === 0 ? 0 : 1
} finally {
  rmSync(room, { recursive: true })
}

/** @param {string} path @returns {any} */
function readJson(path) {
  return JSON.parse(readFileSync(path, 'utf8'))
}

/** @param {string} folder @returns {Packed} */
function pack(folder) {
  const home = join(root, folder)
  const stdio = /** @type {const} */ (['ignore', 'pipe', 'ignore'])
  const answer = execFileSync('npm', ['pack', '--json', '--pack-destination', room], {
    cwd: home,
    encoding: 'utf8',
    stdio,
  })
  const [{ filename, files, size }] = JSON.parse(answer)
  const names = files.map((/** @type {{ path: string }} */ { path }) => path)
  console.log(`${filename}: ${names.length} files, ${Math.ceil(size / 1024)} KiB`)
  return { home, tarball: join(room, filename), files: names, manifest: readJson(join(home, 'package.json')) }
}

/** @param {Packed} packed @returns {string[]} */
function checkTarball({ home, files, manifest }) {
  const faults = checkContents(files, (file) => existsSync(sourceOf(home, file)))
  const missing = listEntries(manifest, files).flatMap(({ specifier, types, script }) =>
    [types, script].filter((file) => !files.includes(file)).map((file) => `${file} of ${specifier} is not in it`),
  )
  return [...faults, ...missing].map((fault) => `${manifest.name}: ${fault}`)
}

/** @param {string} home @param {string} file of the tarball @returns {string} */
function sourceOf(home, file) {
  const source = file.replace(/\.js$/, '.ts')
  if (source.startsWith('dist/playground/'))
    return join(root, source.replace('dist/playground', 'packages/playground/src'))
  return join(home, source.replace('dist', 'src'))
}

/** @param {Packed[]} packages @returns {Promise<string[]>} */
async function checkInstalled(packages) {
  const project = mkdtempSync(join(room, 'project-'))
  const types = ['@types/node', '@types/ws'].map((name) => `${name}@${workspace.devDependencies[name]}`)
  writeFileSync(join(project, 'package.json'), JSON.stringify({ name: 'empty', private: true, type: 'module' }))
  const quiet = ['--ignore-scripts', '--prefer-offline', '--no-audit', '--no-fund', '--loglevel=error']
  const install = spawnSync('npm', ['install', ...quiet, ...packages.map(({ tarball }) => tarball), ...types], {
    cwd: project,
    stdio: 'inherit',
  })
  if (install.status !== 0) return ['the tarballs cannot be installed']
  const entries = packages.flatMap(({ manifest, files }) => listEntries(manifest, files))
  console.log(`Installed both; importing ${entries.map(({ specifier }) => specifier).join(' ')}`)
  const lints = await Promise.all(packages.map(({ manifest }) => lint(manifest, project)))
  return [
    ...lints.flat(),
    ...entries.flatMap((entry) => importEntry(entry, project)),
    ...packages.flatMap(({ manifest }) => checkCommands(manifest, project)),
    ...Object.entries(absentClients).flatMap((absent) => checkAbsentClient(absent, project)),
    ...checkTypes(entries, project),
  ]
}

/** @param {any} manifest @param {string} project @returns {Promise<string[]>} */
async function lint({ name }, project) {
  const { messages, pkg } = await publint({ pkgDir: join(project, 'node_modules', name), pack: false, strict: true })
  return messages.map((message) => `${name}: publint: ${formatMessage(message, pkg, { color: false })}`)
}

/** An import must succeed, say nothing, and leave nothing running. @param {Entry} entry @param {string} project */
function importEntry({ specifier }, project) {
  const script = `await import('${specifier}')`
  const child = spawnSync(process.execPath, ['--input-type=module', '-e', script], {
    cwd: project,
    encoding: 'utf8',
    timeout: importLimitMs,
  })
  if (child.signal !== null) return [`${specifier}: something is still running after its import`]
  if (child.status !== 0)
    return [`${specifier}: cannot be imported: ${/^.*Error.*$/m.exec(child.stderr)?.[0] ?? child.stderr}`]
  return child.stdout + child.stderr === '' ? [] : [`${specifier}: its import prints: ${child.stdout}${child.stderr}`]
}

/** Clients are no dependencies: nothing installs them, and whoever names one is told. @param {[string, string]} absent @param {string} project */
function checkAbsentClient([url, expected], project) {
  const script = `const { openStore } = await import('wsticket/open-store')
    await openStore('${url}').catch(({ name, message }) => console.log(name, message))`
  const child = spawnSync(process.execPath, ['--input-type=module', '-e', script], {
    cwd: project,
    encoding: 'utf8',
    timeout: importLimitMs,
  })
  const said = (child.stdout + child.stderr).trimEnd()
  return said === `ConfigurationError ${expected}` ? [] : [`openStore without the client of ${url} says: ${said}`]
}

/** @param {any} manifest @param {string} project @returns {string[]} */
function checkCommands({ name, bin = {} }, project) {
  return Object.keys(bin).flatMap((command) => {
    const help = spawnSync(join('node_modules', '.bin', command), ['--help'], {
      cwd: project,
      encoding: 'utf8',
      timeout: importLimitMs,
    })
    if (help.status === 0 && help.stdout.includes(command)) return []
    return [`${name}: ${command} --help does not help: ${help.error?.message ?? help.stdout + help.stderr}`]
  })
}

/** Types must hold without `skipLibCheck`; those for browsers without Node's. @param {Entry[]} entries @param {string} project */
function checkTypes(entries, project) {
  const portable = new Set(['wsticket', 'wsticket/client'])
  return [
    ...compile('browser', { entries: entries.filter(({ specifier }) => portable.has(specifier)), types: [], project }),
    ...compile('node', { entries, types: ['node'], project }),
  ]
}

/**
 * @param {string} name
 * @param {{ entries: Entry[], types: string[], project: string }} options
 * @returns {string[]}
 */
function compile(name, { entries, types, project }) {
  const lines = entries.map(({ specifier }, index) => `export * as entry${index} from '${specifier}'`)
  writeFileSync(join(project, `${name}.ts`), lines.join('\n'))
  const compilerOptions = {
    module: 'nodenext',
    target: 'es2022',
    lib: ['es2023', 'dom'],
    strict: true,
    noEmit: true,
    types,
  }
  const config = `tsconfig.${name}.json`
  writeFileSync(join(project, config), JSON.stringify({ compilerOptions, files: [`${name}.ts`] }))
  const tsc = spawnSync(join(root, 'node_modules', '.bin', 'tsc'), ['-p', config], { cwd: project, encoding: 'utf8' })
  return tsc.status === 0 ? [] : [`its types do not hold in a ${name} project:\n${tsc.stdout}`]
}
