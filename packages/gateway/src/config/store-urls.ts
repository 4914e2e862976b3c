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
    parameters: [
      'table',
      'deadlineMs',
      'and of pg: sslmode, sslrootcert, sslcert, sslkey, host, application_name, options',
    ],
  },
  {
    forms: ['nats://[user:password@]host:port,host:port', 'tls://... with TLS'],
    help: 'In the key-value store of NATS JetStream.',
    packages: ['@nats-io/transport-node', '@nats-io/jetstream'],
    parameters: ['bucket', 'replicas', 'replication', 'recordAgeMs', 'deadlineMs'],
  },
]

/** What each parameter says. */
const parameterHelp: readonly (readonly [name: string, help: string])[] = [
  ['busyTimeoutMs', 'How long a lock of another process is waited for. Default 1000.'],
  ['prefix', 'What the keys of tickets begin with. Default wsticket:.'],
  [
    'epochFence',
    'required, the default; or none_may_admit_twice, for a service that hides its master_replid: there a failover may admit a ticket twice.',
  ],
  ['table', 'The table, with its schema or without. Default wsticket_tickets. Made where there is none.'],
  ['bucket', 'The key-value bucket. Default wsticket. Made where there is none.'],
  ['replicas', 'How many servers have a bucket that is made: 1, 3 or 5. Default 1.'],
  [
    'replication',
    'sound, the default: several servers before NATS 2.12 are refused; or unsound_may_admit_twice, which takes them: one that is cut off from the others may admit a ticket twice.',
  ],
  ['recordAgeMs', 'How long records are kept in a bucket that is made. Default 600000.'],
  ['deadlineMs', 'How long the engine may take to answer. Default 2000.'],
]

const none = 'none'

/** The URLs for a terminal. */
export function storeUrlsHelp(): string {
  const parameters = parameterHelp.map(([name, help]) => `  ${name}\n      ${help}\n`)
  return `URLs\n${rows.map(helpOf).join('')}\nParameters\n${parameters.join('')}`
}

/** The URLs, and their parameters, as tables in Markdown. */
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
  const parameters = parameterHelp.map(([name, help]) => `| \`${name}\` | ${help} |\n`)
  return `${head}${lines.join('')}\n| parameter | |\n|---|---|\n${parameters.join('')}`
}

function helpOf({ forms, help, packages, parameters }: StoreUrlForm): string {
  const lines = [
    help,
    ...(packages.length === 0 ? [] : [`Needs: npm install ${packages.join(' ')}`]),
    ...(parameters.length === 0 ? [] : [`Parameters: ${parameters.join(', ')}`]),
  ]
  return [...forms.map((form) => `  ${form}\n`), ...lines.map((line) => `      ${line}\n`)].join('')
}
