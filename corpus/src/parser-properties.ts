/**
 * What holds of every parser, whatever it is given: it does not throw, what it takes is canonical, and reading again changes nothing.
 * The unit tests run them briefly, the fuzzer as long as it is told to.
 * @module
 */
import fc from 'fast-check'
import type { ClientAddressResolver, Handshake, Opening, Passage, TicketId, TicketRecord } from 'wsticket'
import { anyText, eventStreamRequests, near, openings, records } from './arbitraries.ts'

/** The parsers under test: those of the sources, or those of a build. */
export interface Parsers {
  parseHandshake(opening: Opening): Handshake | null
  parseEventStreamRequest(opening: Opening): Handshake | null
  readonly carriers: readonly CarrierUnderTest[]
  parseOrigins(origins: readonly string[]): ReadonlySet<string>
  createClientAddressResolver(trustedProxies: readonly string[]): ClientAddressResolver
  parseTicket(text: string): string | null
  readRequestedTicket(request: Request): Promise<object>
  writeRecord(record: TicketRecord): string
  readRecord(text: string, id: TicketId): TicketRecord
  copyClaims(claims: object): object
}

/** A carrier, as far as it parses. */
export interface CarrierUnderTest {
  readonly name: string
  find(handshake: Handshake): readonly string[]
  strip(passage: Passage): Passage
}

/** How long inputs are thrown at a parser, and which ones. */
export interface FuzzLimits {
  /** Default 1000; without end where there is a time. */
  readonly runs?: number
  readonly forMs?: number
  /** Default: one of its own. */
  readonly seed?: number
}

/** What came of it. */
export interface Fuzzed {
  readonly executions: number
  /** The same seed gives the same inputs. */
  readonly seed: number
  /** The input on which the parser fails, as small as it can be made, and how to have it again; null for none. */
  readonly failure: string | null
}

/** One parser, and what holds of it. */
export interface ParserProperty {
  readonly parser: string
  /** Throws random inputs at it. Stops at the first on which it fails. */
  check(limits?: FuzzLimits): Promise<Fuzzed>
}

function parametersOf<Input>({ runs, forMs, seed }: FuzzLimits): fc.Parameters<Input> {
  return {
    numRuns: runs ?? (forMs === undefined ? 1000 : Number.MAX_SAFE_INTEGER),
    ...(forMs === undefined ? {} : { interruptAfterTimeLimit: forMs }),
    ...(seed === undefined ? {} : { seed }),
  }
}

function fuzzedOf<Input>(details: fc.RunDetails<Input>): Fuzzed {
  const failure = details.failed ? (fc.defaultReportMessage(details) ?? 'fails') : null
  return { executions: details.numRuns, seed: details.seed, failure }
}

function holds<Input>(
  parser: string,
  inputs: fc.Arbitrary<Input>,
  predicate: (input: Input) => boolean,
): ParserProperty {
  const property = fc.property(inputs, predicate)
  return { parser, check: async (limits = {}) => fuzzedOf(fc.check(property, parametersOf(limits))) }
}

/** Every property. */
export function parserProperties(parsers: Parsers): readonly ParserProperty[] {
  return [
    handshakeProperty(parsers),
    eventStreamProperty(parsers),
    ...parsers.carriers.map((carrier) => carrierProperty(parsers, carrier)),
    originProperty(parsers),
    addressProperty(parsers),
    ticketProperty(parsers),
    requestProperty(parsers),
    recordProperty(parsers),
    writtenRecordProperty(parsers),
    claimsProperty(parsers),
  ]
}

/** What is taken is origin-form, has one line of each header that may have one, and is taken again as it is passed on. */
function handshakeProperty({ parseHandshake }: Parsers): ParserProperty {
  return holds('handshake', openings, (opening) => {
    const parsed = parseHandshake(opening)
    if (parsed === null) return true
    const again = parseHandshake({ ...opening, target: parsed.target, rawHeaders: parsed.rawHeaders })
    const unique = new Set(parsed.protocols).size === parsed.protocols.length
    return /^\/(?![/\\])[!-~]*$/.test(parsed.target) && unique && JSON.stringify(again) === JSON.stringify(parsed)
  })
}

/** What is taken has the id of the last event in its header alone, in one line that can be one, and is taken again as it is passed on. */
function eventStreamProperty({ parseEventStreamRequest }: Parsers): ParserProperty {
  return holds('event stream', eventStreamRequests, (opening) => {
    const parsed = parseEventStreamRequest(opening)
    if (parsed === null) return true
    const { target, rawHeaders } = parsed
    const again = parseEventStreamRequest({ ...opening, target, rawHeaders })
    const ids = rawHeaders.filter((_, at) => at % 2 === 1 && rawHeaders[at - 1]?.toLowerCase() === 'last-event-id')
    const hasParameter = new URLSearchParams(target.slice(target.indexOf('?'))).has('lastEventId')
    const isLine = (text: string) => text.length <= 1024 && /^[\t -~\u0080-\uffff]*$/.test(text)
    return ids.length <= 1 && ids.every(isLine) && !hasParameter && JSON.stringify(again) === JSON.stringify(parsed)
  })
}

/** What is stripped is found no more, and stripping again takes nothing away; nor does it bring a line to the others. */
function carrierProperty({ parseHandshake }: Parsers, { name, find, strip }: CarrierUnderTest): ParserProperty {
  return holds(`carrier ${name}`, openings, (opening) => {
    const handshake = parseHandshake(opening)
    if (handshake === null) return true
    const found = find(handshake)
    const passage = strip(handshake)
    const rest = parseHandshake({ ...opening, ...passage })
    const isSubset = passage.rawHeaders.length <= handshake.rawHeaders.length
    const isStable = JSON.stringify(strip(passage)) === JSON.stringify(passage)
    return (
      found.every((text) => typeof text === 'string') &&
      rest !== null &&
      find(rest).length === 0 &&
      isSubset &&
      isStable
    )
  })
}

const origins = near(
  'https://app.example',
  'http://localhost:3000',
  'https://[2001:db8::1]',
  'app://x',
  'https://xn--bcher-kva.example',
)

/** What is taken is what a browser sends for itself: no list, no pattern, no path. */
function originProperty({ parseOrigins }: Parsers): ParserProperty {
  return holds('origin', origins, (text) => {
    try {
      const taken = parseOrigins([text])
      const isExact =
        taken.size === 1 && taken.has(text) && /^[a-z][a-z0-9+.-]*:\/\/(?:(?![/?#@*\\])[!-~])+$/.test(text)
      return isExact && (!/^https?:/.test(text) || new URL(text).origin === text)
    } catch (error) {
      return isConfigurationError(error)
    }
  })
}

function isConfigurationError(error: unknown): boolean {
  return error instanceof Error && error.name === 'ConfigurationError'
}

const hops = near(
  '192.0.2.7',
  '[2001:db8::1]:443',
  '::ffff:192.0.2.7',
  '198.51.100.7, 10.0.0.1',
  '2001:db8::1%eth0',
  '10.0.0.1,',
)

/** An address comes out, or none; and the address comes out of itself. */
function addressProperty({ createClientAddressResolver }: Parsers): ParserProperty {
  const behindProxy = createClientAddressResolver(['192.0.2.254', '10.0.0.0/8'])
  const alone = createClientAddressResolver([])
  return holds('client address', fc.tuple(hops, hops), ([peer, chain]) => {
    const [direct, forwarded] = [alone(peer, chain), behindProxy('192.0.2.254', chain)]
    return [direct, forwarded].every(
      (address) => address === null || (/^[\da-f.:]+$/.test(address) && alone(address, null) === address),
    )
  })
}

const tickets = near(
  `wst_${'A'.repeat(43)}`,
  `wst_${'A'.repeat(42)}B`,
  `wst_${'z9-_'.repeat(10)}abc`,
  `wsk_${'A'.repeat(43)}`,
)

/** What is taken is taken as it is, and is the one spelling of its 32 bytes. */
function ticketProperty({ parseTicket }: Parsers): ParserProperty {
  return holds('ticket', tickets, (text) => {
    const parsed = parseTicket(text)
    if (parsed === null) return true
    const bytes = Buffer.from(text.slice(4), 'base64url')
    return parsed === text && bytes.length === 32 && `wst_${bytes.toString('base64url')}` === text
  })
}

const bodies = fc.oneof(
  near('{"audience":"chat"}', '{"audience":null}', '{}', '[]', '{"audience":"chat","audience":7}'),
  fc.json(),
  fc.uint8Array({ maxLength: 64 }),
  fc.constantFrom('x'.repeat(4097), `{"audience":"${'x'.repeat(4080)}"}`),
)

/** A body asks for a ticket or is refused; nothing rejects. */
function requestProperty({ readRequestedTicket }: Parsers): ParserProperty {
  const types = fc.constantFrom(
    'application/json',
    'application/json; charset=utf-8',
    'text/plain',
    'application/jsonp',
    '',
  )
  const property = fc.asyncProperty(bodies, types, async (body, type) => {
    const init: RequestInit = { method: 'POST', headers: { 'content-type': type }, body }
    const read = await readRequestedTicket(new Request('http://localhost/tickets', init))
    if ('refusal' in read) return typeof read.refusal === 'string'
    const { audience } = read as { audience?: unknown }
    return audience === null || (typeof audience === 'string' && audience !== '')
  })
  return {
    parser: 'ticket request',
    check: async (limits = {}) => fuzzedOf(await fc.check(property, parametersOf(limits))),
  }
}

/** Text of anybody's is the record of this ticket, or a fault of the store. */
function recordProperty({ readRecord, writeRecord }: Parsers): ParserProperty {
  const texts = fc.oneof(
    fc.json(),
    anyText,
    records.map((record) => JSON.stringify(record)).chain((text) => near(text)),
  )
  const id = 'BKwS2iqOpCW_Yv4MKARwZny2KRFgqLWsVHguZVFm7xA' as TicketId
  return holds('record text', texts, (text) => {
    try {
      const record = readRecord(text, id)
      const written = writeRecord(record)
      return record.id === id && writeRecord(readRecord(written, id)) === written
    } catch (error) {
      return error instanceof Error && error.name === 'StoreError'
    }
  })
}

/** What is written is read as it was. */
function writtenRecordProperty({ readRecord, writeRecord }: Parsers): ParserProperty {
  return holds('record text, written', records, (record) => {
    const text = writeRecord(record)
    return writeRecord(readRecord(text, record.id)) === text
  })
}

/** Claims are copied, and the copy copied as it is; or the grant is at fault. */
function claimsProperty({ copyClaims }: Parsers): ParserProperty {
  const grants = fc.oneof(
    fc.object({ withBigInt: true, withDate: true, withMap: true, withNullPrototype: true }),
    fc.anything(),
  )
  return holds('claims', grants, (granted) => {
    try {
      const copy = copyClaims(granted as object)
      return JSON.stringify(copyClaims(copy)) === JSON.stringify(copy) && Object.getPrototypeOf(copy) === null
    } catch (error) {
      // What is no object at all has no business in a grant; that it is noticed is enough.
      return isConfigurationError(error)
    }
  })
}
