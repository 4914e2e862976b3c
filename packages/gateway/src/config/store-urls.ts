/**
 * The table of store URLs: `store --help` and the documentation are made from it.
 * @module
 */

/** A kind of URL that `--store` takes. */
interface StoreUrlForm {
  readonly forms: readonly string[]
  /** Where tickets are then, in one sentence. */
  readonly help: string
  /** What has to be installed beside the gateway. */
  readonly packages: readonly string[]
  /** What may follow a `?`. */
  readonly parameters: readonly string[]
}

const rows: readonly StoreUrlForm[] = [
  {
    forms: ['memory:'],
    help: 'In the memory of this one process.',
    packages: [],
    parameters: [],
  },
]

/** The URLs for a terminal. */
export function storeUrlsHelp(): string {
  return rows.map(({ forms, help }) => `${forms.map((form) => `  ${form}\n`).join('')}      ${help}\n`).join('')
}
