/**
 * Throws random inputs at every parser of the library, for as long as it is told to. Needs a build.
 *   npm run fuzz                            for ten minutes
 *   npm run fuzz -- --seconds 60
 *   npm run fuzz -- --seed 7 --parser ticket   the inputs of a failure again
 * Prints a line for each parser, with its seed. Fails where one throws, or takes what it should not.
 */
import { parseArgs } from 'node:util'
import { createClientAddressResolver, parseTicket } from 'wsticket'
import { parserProperties } from '../corpus/dist/parser-properties.js'

const { values } = parseArgs({
  options: {
    seconds: { type: 'string', default: '600' },
    seed: { type: 'string' },
    parser: { type: 'string' },
  },
})
const seconds = Number(values.seconds)
if (!(seconds > 0)) {
  console.error('--seconds must be a number above 0')
  process.exit(2)
}

/** A module of the build that is no entry of the package. @param {string} name */
const inside = (name) => import(`../packages/wsticket/dist/${name}.js`)

async function parsers() {
  const carriers = ['subprotocol', 'authorization', 'query', 'cookie']
  const { parseHandshake } = await inside('handshake')
  const { parseEventStreamRequest } = await inside('event-stream-request')
  const { parseOrigins } = await inside('checks/origin')
  const { readRequestedTicket } = await inside('ticket-request')
  const { copyClaims } = await inside('claims')
  return {
    parseHandshake,
    parseEventStreamRequest,
    carriers: await Promise.all(carriers.map(async (name) => (await inside(`carriers/${name}`))[name])),
    parseOrigins,
    createClientAddressResolver,
    parseTicket,
    readRequestedTicket,
    ...(await inside('record-text')),
    copyClaims,
  }
}

const properties = parserProperties(await parsers()).filter(
  ({ parser }) => values.parser === undefined || parser === values.parser,
)
const limits = {
  forMs: (seconds * 1000) / properties.length,
  ...(values.seed === undefined ? {} : { seed: Number(values.seed) }),
}
const results = []
for (const { parser, check } of properties) {
  const { executions, seed, failure } = await check(limits)
  results.push({ executions, failure })
  console.log(
    `${failure === null ? 'ok    ' : 'FAILED'} ${String(executions).padStart(10)} executions  seed ${seed}  ${parser}`,
  )
  if (failure !== null) console.error(failure)
}
const total = results.reduce((sum, { executions }) => sum + executions, 0)
const failed = results.filter(({ failure }) => failure !== null).length
console.log(`${total} executions of ${results.length} properties, ${failed} failed`)
process.exitCode = results.length > 0 && failed === 0 ? 0 : 1
