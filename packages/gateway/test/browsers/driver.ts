/**
 * A real browser, as far as a test needs one that is to run in all of them.
 */

/** One browser, started. */
export interface Driver {
  /** The browser and all that it has started. */
  readonly processId: number
  openTab(url: string): Promise<Tab>
  /** Ends the browser, and waits until it has ended. */
  close(): Promise<void>
}

/** One page, in the foreground or behind another. */
export interface Tab {
  /**
   * Calls a function in the page, and resolves with what it comes to. The function MUST use nothing from around it; what goes in and
   * what comes out is JSON.
   */
  evaluate<Argument, Result>(
    program: (argument: Argument) => Result | Promise<Result>,
    argument: Argument,
  ): Promise<Result>
  /** Takes the page off the network, and back on; null where the browser's driver cannot. */
  readonly setOffline: ((isOffline: boolean) => Promise<void>) | null
  close(): Promise<void>
}
