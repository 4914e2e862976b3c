/**
 * The table of store URLs as people read it: in `store --help`, and in the documentation.
 * @module
 */

/** A kind of URL that `--store` takes. */
interface StoreUrlForm {
  readonly forms: readonly [string, ...string[]]
  /** Where tickets are kept then. */
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
  {
    forms: ['sqlite:/var/lib/wsticket/tickets.db'],
    help: 'In a file, for the processes of one machine. Node 22.13 or later.',
    packages: [],
    parameters: ['busyTimeoutMs'],
  },
  {
    forms: ['redis://[user:password@]host[:port][/database]', 'rediss://... with TLS'],
    help: 'In Redis or Valkey, one primary.',
    packages: ['ioredis'],
    parameters: ['prefix', 'epochFence', 'deadlineMs'],
  },
  {
    forms: ['redis+sentinel://[user:password@]host:port,host:port/name[/database]', 'rediss+sentinel://... with TLS'],
    help: 'In the Redis or Valkey that sentinels name; the hosts are those of the sentinels.',
    packages: ['ioredis'],
    parameters: ['prefix', 'epochFence', 'deadlineMs'],
  },
  {
    forms: ['redis+cluster://[user:password@]host:port,host:port', 'rediss+cluster://... with TLS'],
    help: 'In a cluster of Redis or Valkey; some of its nodes are enough.',
    packages: ['ioredis'],
    parameters: ['prefix', 'epochFence', 'deadlineMs'],
  },
  {
    forms: ['postgres://[user:password@]host[:port]/database'],
    help: 'In PostgreSQL, its primary.',
    packages: ['pg'],
    parameters: ['table', 'deadlineMs', 'and those of pg: sslmode, sslrootcert, application_name, options'],
  },
  {
    forms: ['nats://[user:password@]host:port,host:port', 'tls://... with TLS'],
    help: 'In the key-value store of NATS JetStream.',
    packages: ['@nats-io/transport-node', '@nats-io/jetstream'],
    parameters: ['bucket', 'replicas', 'recordAgeMs', 'deadlineMs'],
  },
]

const none = 'none'

/** The URLs for a terminal. */
export function storeUrlsHelp(): string {
  return rows.map(helpOf).join('')
}

/** The URLs as a table in Markdown. */
export function storeUrlsMarkdown(): string {
  const head = '| URL | where tickets are kept | install | parameters |\n|---|---|---|---|\n'
  const lines = rows.map(({ forms, help, packages, parameters }) => {
    const cells = [
      forms.map((form) => `\`${form}\``).join('<br>'),
      help,
      packages.map((name) => `\`${name}\``).join(' ') || none,
      parameters.join(', ') || none,
    ]
    return `| ${cells.join(' | ')} |\n`
  })
  return `${head}${lines.join('')}`
}

function helpOf({ forms, help, packages, parameters }: StoreUrlForm): string {
  const lines = [
    help,
    ...(packages.length === 0 ? [] : [`Needs: npm install ${packages.join(' ')}`]),
    ...(parameters.length === 0 ? [] : [`Parameters: ${parameters.join(', ')}`]),
  ]
  return [...forms.map((form) => `  ${form}\n`), ...lines.map((line) => `      ${line}\n`)].join('')
}
