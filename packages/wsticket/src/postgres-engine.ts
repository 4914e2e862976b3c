/**
 * A PostgreSQL server as an engine, whose connections are lines of their own: each is dropped by whom it keeps waiting.
 * @module
 */
import { createEngine, type Engine } from './engine.ts'
import { StoreError } from './errors.ts'
import type { PostgresDriver } from './postgres-driver.ts'
import { inspectTable } from './postgres-inspection.ts'
import type { TableShape } from './postgres-tables.ts'

/** What is asked of the server. */
export interface PostgresEngineOptions {
  readonly table: string
  readonly shape: TableShape
  readonly deadlineMs: number
}

/** Creates the asking side of a server. Asks nothing yet. */
export function createPostgresEngine(
  driver: PostgresDriver,
  { table, shape, deadlineMs }: PostgresEngineOptions,
): Engine {
  let inspection = { over: false }
  const engine = createEngine({
    name: 'postgres',
    deadlineMs,
    inspect() {
      inspection = { over: false }
      return inspectTable({ driver, asker: inspection, table, shape, deadlineMs })
    },
    reconnect() {
      // It has no deadline of its own: whoever waits for it has, and this is what comes of that.
      inspection.over = true
      driver.reconnect()
    },
  })
  return {
    ...engine,
    async ask(question) {
      try {
        return await engine.ask(question)
      } catch (error) {
        // The engine reconnects for the first that is late only.
        driver.dropLate()
        throw error
      }
    },
  }
}

/** The SQLSTATE of an error of the server. */
export function stateOf(error: unknown): unknown {
  return (error as { code?: unknown } | null)?.code
}

/** Something of this name, type or key is there already. */
export const uniqueViolation = '23505'
const diskFull = '53100'

/** @throws StoreError `capacity` where the server has no room left, else the error as it is. */
export function rejectForWant(error: unknown): never {
  throw stateOf(error) === diskFull ? new StoreError('capacity', 'the disk of the server is full') : error
}
