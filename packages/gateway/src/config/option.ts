/**
 * What an option of `serve` is.
 * @module
 */
import type { Configuration } from './configuration.ts'
import type * as values from './values.ts'

/** One option of `serve`. */
export interface Option<Output> {
  /** Without its dashes. The environment variable is the same in capitals, with `WSTICKET_` before it. */
  readonly flag: string
  /** What stands for the value in help texts. */
  readonly placeholder: string
  /** One or two sentences. */
  readonly help: string
  /** Under which heading. */
  readonly group: 'Network' | 'Tokens' | 'Tickets' | 'Sessions' | 'Who may connect' | 'Limits'
  readonly reading: Reading<Output>
}

/** How the given texts become the value. */
export type Reading<Output> =
  | { readonly kind: 'required'; readonly value: values.Value<Output> }
  | { readonly kind: 'optional'; readonly value: values.Value<Output>; readonly fallback: string }
  | { readonly kind: 'nullable'; readonly value: values.Value<NonNullable<Output>>; readonly without: string }
  | { readonly kind: 'list'; readonly value: values.Value<MemberOf<Output>>; readonly fallback: readonly string[] }

type MemberOf<Output> = Output extends readonly (infer Member)[] ? Member : never

/** Options, by the member of the configuration that they set. */
export type OptionTable<Member extends keyof Configuration = keyof Configuration> = {
  readonly [member in Member]: Option<Configuration[member]>
}
