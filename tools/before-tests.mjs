/**
 * Runs once before tests that start servers.
 * @module
 */
import { makePostgresFiles } from 'wsticket-engines/postgres'

/** What is returned runs after them. */
export const setup = makePostgresFiles
