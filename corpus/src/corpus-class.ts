/**
 * Port: a class of hostile inputs, as data. Implementations stand in `classes/`; `classes.ts` lists them.
 *
 * A class MUST be the same on every run: what is drawn is drawn from a seed. It MUST hold good cases beside the bad ones, or a
 * server that refuses everything would pass. The name of a case MUST NOT show a ticket or a token: it stands in failure messages.
 * @module
 */

/** One input, and what has to become of it. */
export interface CorpusCase {
  /** Unique in its class. */
  readonly name: string
  readonly verdict: string
}

/** A class of inputs. */
export interface CorpusClass<Case extends CorpusCase = CorpusCase> {
  /** `raw-handshakes`: its file. */
  readonly name: string
  /** What is in it, in one sentence. */
  readonly contents: string
  /** Against what it is played. */
  readonly playedOn: string
  /** The verdicts of the good cases. Every other verdict refuses. */
  readonly good: readonly Case['verdict'][]
  readonly cases: readonly Case[]
}
