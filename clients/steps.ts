/**
 * What every client library goes through, whatever it speaks.
 * @module
 */
import { setTimeout as pause } from 'node:timers/promises'
import type { Client, Library } from './library.ts'
import { type Service, startService } from './service.ts'

interface Visit {
  readonly service: Service
  readonly client: Client
}

/** How long the endpoint is watched after a credential was revoked. Long enough for a dozen attempts of those who never give up. */
const watchedMs = 10_000
/** The first attempt may be under way when the credential is revoked. */
const mostRequests = 1
/** Long enough for two attempts of most. */
const signedOutMs = 2000
const patienceMs = 45_000

/** The steps, by name. */
export const steps = {
  connects: {
    title: 'connects, and its protocol goes to and fro',
    take: (visit: Visit) => arrive(visit, 1),
  },
  startsLate: {
    title: 'connects when its first ticket request fails',
    async take(visit: Visit) {
      visit.service.failOnce()
      await arrive(visit, 1)
      requireFailure(visit.service)
    },
  },
  comesBack: {
    title: 'comes back with another ticket when its connection breaks',
    async take(visit: Visit) {
      await arrive(visit, 1)
      visit.service.break()
      await arrive(visit, 2)
    },
  },
  outlivesFailure: {
    title: 'comes back from a restart when the first ticket request fails',
    async take(visit: Visit) {
      await arrive(visit, 1)
      visit.service.failOnce()
      visit.service.restart()
      await arrive(visit, 2)
      requireFailure(visit.service)
    },
  },
  stops: {
    title: 'asks no more for tickets when its credential is revoked',
    async take(visit: Visit) {
      await arrive(visit, 1)
      const { service } = visit
      const { answers, admitted } = service
      const [asked, opened] = [answers.length, admitted.length]
      await service.revoke()
      await pause(watchedMs)
      const since = answers.length - asked
      if (since > mostRequests) throw new Error(`asked ${since} times in ${watchedMs} ms`)
      if (admitted.length > opened) throw new Error('was admitted again')
    },
  },
  goesOn: {
    title: 'goes on when somebody has signed in again',
    async take(visit: Visit) {
      await arrive(visit, 1)
      await visit.service.revoke()
      await pause(signedOutMs)
      visit.service.signIn()
      visit.client.afterSignIn?.()
      await arrive(visit, 2)
    },
  },
} as const

/** A step's name. */
export type StepName = keyof typeof steps

/** All of them, in order. */
export const stepNames = Object.keys(steps) as StepName[]

/** Lets a new client of a library take one step, at a service of its own. */
export function visit(library: Library, step: StepName): Promise<void> {
  if (!library.isOneForAll) return visitNow(library, step)
  const turn = lastTurn.then(() => visitNow(library, step))
  lastTurn = turn.catch(() => {})
  return turn
}

/** Of the libraries that have one class for all clients: these take their steps one after the other. */
let lastTurn = Promise.resolve()

async function visitNow(library: Library, step: StepName): Promise<void> {
  const service = await startService(library.serve)
  const client = library.connect(service)
  try {
    await steps[step].take({ service, client })
  } finally {
    await client.close()
    service.close()
  }
}

/** Waits for so many WebSockets, each with a ticket of its own, and for an exchange over the last of them. */
async function arrive({ service: { admitted, answers }, client }: Visit, count: number): Promise<void> {
  const givesUpAt = performance.now() + patienceMs
  while (!(await exchanges(client)) || admitted.length < count) {
    if (performance.now() > givesUpAt) {
      throw new Error(
        `${admitted.length} of ${count} WebSockets were opened, or the last is mute; tickets: ${answers.join()}`,
      )
    }
    await pause(50)
  }
  if (new Set(admitted).size !== admitted.length) throw new Error('a ticket was admitted twice')
}

function requireFailure({ answers }: Service): void {
  if (!answers.includes(503)) throw new Error(`no ticket request failed: ${answers.join()}`)
}

async function exchanges(client: Client): Promise<boolean> {
  const late = AbortSignal.timeout(1000)
  const isLate = new Promise<false>((resolve) => late.addEventListener('abort', () => resolve(false)))
  const answered = client.exchange().then(
    () => true,
    () => false,
  )
  return Promise.race([answered, isLate])
}
