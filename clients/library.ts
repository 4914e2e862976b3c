/**
 * What the matrix knows of a client library. Each has a file in `libraries/`.
 * @module
 */
import type { TicketSourceOptions } from 'wsticket/client'
import type { Serve } from './service.ts'
import type { StepName } from './steps.ts'

/** A client that was made by the recipe. */
export interface Client {
  /**
   * Sends something of the library's own protocol, and resolves when its answer is there. Called anew where it rejects or takes too
   * long.
   */
  exchange(): Promise<unknown>
  /** What the page has to do after a sign-in, for a library that has given up until then. */
  afterSignIn?(): void
  close(): unknown
}

/** Where a client connects, and where its tickets come from. */
export interface Destination {
  /** `127.0.0.1:40000` */
  readonly host: string
  readonly tickets: TicketSourceOptions
}

/** A library, and how it is tried. */
export interface Library {
  /** The name of its package, and of its recipe. */
  readonly name: string
  /** Where the class goes. */
  readonly injection: string
  /** What a reader has to know beside the recipe, in a sentence or two each. */
  readonly notes?: readonly string[]
  /** What the document says of a step in place of `yes`. */
  readonly remarks?: { readonly [step in StepName]?: string }
  /** Whether every client of the page has the same class, so that no two services can be tried at once. */
  readonly isOneForAll?: boolean
  /** Serves its protocol. */
  readonly serve: Serve
  /** Connects with its recipe. */
  connect(destination: Destination): Client
}
