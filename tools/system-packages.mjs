/**
 * Installs the Debian packages that the named parts of the test run need and that are missing.
 *   node tools/system-packages.mjs browsers services
 */
import { spawnSync } from 'node:child_process'

const engines = ['services', 'faults', 'proof', 'bench']

/** Debian package, and the parts of the run that need it. */
const systemPackages = [
  { name: 'chromium-headless-shell', parts: ['browsers'] },
  { name: 'firefox-esr', parts: ['browsers'] },
  { name: 'webkit2gtk-driver', parts: ['browsers'] },
  { name: 'xvfb', parts: ['browsers'] },
  { name: 'redis-server', parts: engines },
  { name: 'postgresql', parts: engines },
  { name: 'nats-server', parts: engines },
  { name: 'openssl', parts: ['services'] },
  { name: 'python3-redis', parts: ['services'] },
  { name: 'python3-psycopg2', parts: ['services'] },
]

const chosen = process.argv.slice(2)
const needed = systemPackages.filter(({ parts }) => parts.some((part) => chosen.includes(part))).map(({ name }) => name)
process.exitCode = provide(needed) ? 0 : 1

/** @param {string[]} names @returns {boolean} whether the run may go on */
function provide(names) {
  if (names.length === 0) return say('None needed.')
  if (spawnSync('dpkg-query', ['--version']).error) return say(`Not a Debian: trusting that it has ${names.join(' ')}.`)
  const missing = names.filter((name) => !isInstalled(name))
  if (missing.length === 0) return say(`Already there: ${names.join(' ')}.`)
  return install(missing)
}

/** @param {string[]} missing @returns {boolean} */
function install(missing) {
  const list = missing.join(' ')
  if (process.getuid?.() !== 0) {
    say(`Missing: ${list}. As root: apt-get install -y --no-install-recommends ${list}`)
    say('What needs none of them runs without: npm test -- check unit pack')
    return false
  }
  say(`Installing ${list}.`)
  return apt('update') && apt('install', '-y', '--no-install-recommends', ...missing)
}

/** @param {string} name @returns {boolean} */
function isInstalled(name) {
  return spawnSync('dpkg-query', ['--status', name], { encoding: 'utf8' }).stdout.includes(
    'Status: install ok installed',
  )
}

/** @param {string[]} args @returns {boolean} */
function apt(...args) {
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' }
  return (
    spawnSync('apt-get', ['-q', '-o', 'DPkg::Lock::Timeout=120', ...args], {
      env,
      stdio: ['ignore', 'inherit', 'inherit'],
    }).status === 0
  )
}

/** @param {string} text @returns {true} */
function say(text) {
  console.log(text)
  return true
}
