/**
 * How long the proofs under faults take. In short, as `npm test` runs them, they are done in a few minutes. In long, with
 * more tickets and more rounds of every scenario:
 *
 *   WSTICKET_PROOF=long npx vitest run --project faults
 * @module
 */

/** Whether the long form was asked for. */
export const long = process.env.WSTICKET_PROOF === 'long'
