import { fileURLToPath } from 'node:url'
import { defineConfig } from 'vitest/config'

const source = fileURLToPath(new URL('./packages/wsticket/src/', import.meta.url))
const corpus = fileURLToPath(new URL('./corpus/src/', import.meta.url))
const services = 'packages/*/test/services/**/*.test.ts'
const faults = 'packages/*/test/faults/**/*.test.ts'
const sqlite = 'packages/*/test/sqlite/**/*.test.ts'
const browsers = 'packages/*/test/browsers/**/*.test.ts'

/** What crosses a process boundary takes its time, and what is polled for comes when it comes. */
const outsideTheProcess = { testTimeout: 120_000, hookTimeout: 60_000, expect: { poll: { timeout: 20_000 } } }
/** Two files at once: what is timed wants a core to itself. */
const twoAtOnce = { ...outsideTheProcess, maxWorkers: 2 }
/** Files that share nothing that they change: loading every module anew for each of them took a processor about a second. */
const oneLoading = { isolate: false }
/** They start servers on files that are made once. */
const withServers = { ...outsideTheProcess, globalSetup: ['tools/before-tests.mjs'] }

export default defineConfig({
  resolve: {
    // Tests run on the sources, also where a package imports another by its public specifier: no build is needed.
    alias: [
      { find: /^wsticket$/, replacement: `${source}index.ts` },
      { find: /^wsticket\/client$/, replacement: `${source}client/index.ts` },
      { find: /^wsticket\/((?:[a-z-]+\/)?[a-z-]+)$/, replacement: `${source}$1.ts` },
      { find: /^wsticket-corpus\/((?:[a-z-]+\/)?[a-z-]+)$/, replacement: `${corpus}$1.ts` },
    ],
  },
  test: {
    watch: false,
    restoreMocks: true,
    unstubGlobals: true,
    teardownTimeout: 10_000,
    projects: [
      {
        extends: true,
        test: {
          name: 'unit',
          include: ['packages/*/test/**/*.test.ts', 'tools/test/**/*.test.mjs'],
          exclude: [services, faults, sqlite, browsers],
          testTimeout: 10_000,
          hookTimeout: 10_000,
          expect: { poll: { timeout: 5000 } },
          ...oneLoading,
          // They wait for half of their time.
          maxWorkers: 4,
        },
      },
      // With three at once, the two processors were busy for three quarters of the time.
      { extends: true, test: { name: 'services', include: [services], ...withServers, ...oneLoading, maxWorkers: 4 } },
      // A process for each file: some look at the memory and the connections of theirs. Three at once:
      // with four, the two processors were busy for nine tenths of the time, and much is timed in these.
      { extends: true, test: { name: 'faults', include: [faults], ...withServers, maxWorkers: 3 } },
      // Needs node:sqlite: tools/with-node.mjs.
      { extends: true, test: { name: 'sqlite', include: [sqlite], ...twoAtOnce, ...oneLoading } },
      // Libraries that wait, for most of their time: all of them at once, in one process.
      {
        extends: true,
        resolve: { alias: { 'pusher-js': 'pusher-js/worker' } },
        test: {
          name: 'clients',
          include: ['clients/*.test.ts'],
          setupFiles: ['clients/page.ts'],
          ...outsideTheProcess,
          maxConcurrency: 200,
        },
      },
      // Pages wait for much of their time.
      {
        extends: true,
        test: { name: 'browsers', include: [browsers], ...outsideTheProcess, ...oneLoading, maxWorkers: 4 },
      },
    ],
  },
})
