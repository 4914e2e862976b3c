#!/usr/bin/env node
/**
 * The command `wsticket-gateway`.
 * @module
 */
import { run } from './cli/run.ts'

const exitDeadlineMs = 1000

process.exitCode = await run(process.argv.slice(2), process.env)
// An answer that is still awaited from elsewhere, such as the issuer's keys, does not keep the process.
setTimeout(() => process.exit(), exitDeadlineMs).unref()
