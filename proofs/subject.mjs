/**
 * What is raced: a store on an engine through a client, and beside it the naive store that the race has to find out.
 * @module
 */
import { readFileSync } from 'node:fs'

/** @import { TicketRecord, TicketStore } from 'wsticket' */

/** What a race asks of a store; `TicketStore` is one. @typedef {Pick<TicketStore, 'insert' | 'redeem'>} RacedStore */

/** @typedef {{ store: RacedStore & Partial<TicketStore>, close: () => Promise<void> }} Handle */

/**
 * @typedef {object} Subject
 * @property {string} client the package and its version; `none` for none
 * @property {boolean} [oneProcess] the engine is the process itself: its racers are in one, and share one handle
 * @property {number} [shortRacers] how many racers the short form has, where 64 take too long
 * @property {() => string | null} [lacking] why it cannot be raced here
 * @property {() => string} [node] the Node that its racers run under, where it is not the one that runs now
 * @property {() => Promise<{ address: unknown, stop: () => Promise<unknown> }>} start starts the engine; the address is JSON
 * @property {(address: any) => Promise<Handle>} open a store over a connection of its own
 * @property {(address: any) => Promise<Handle>} openNaive the same with the naive store
 */

/** Every subject, by name; `redis` stands for all whose name begins so. */
export const subjectNames = [
  'memory',
  'redis-ioredis',
  'redis-node-redis',
  'redis-cluster',
  'postgres-pg',
  'postgres-postgresjs',
  'nats',
  'sqlite',
]

/**
 * Loads a subject, and with it the client that it needs.
 * @param {string} name
 * @returns {Promise<Subject>}
 */
export async function subjectOf(name) {
  return (await import(`./subjects/${name}.mjs`)).subject
}

const { dependencies } = JSON.parse(readFileSync(new URL('./package.json', import.meta.url), 'utf8'))

/** A client as the table shows it: `ioredis 6.0.0`. @param {string} name */
export function clientNamed(name) {
  return `${name} ${dependencies[name]}`
}
