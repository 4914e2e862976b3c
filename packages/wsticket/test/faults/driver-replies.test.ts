import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type FaultProxy, startFaultProxy } from 'wsticket-engines/fault-proxy'
import { heldUpMs } from 'wsticket-engines/held-up'
import { until } from 'wsticket-engines/until'
import { systemClock } from '../../src/clock.ts'
import { StoreError } from '../../src/errors.ts'
import type { TicketId, TicketRecord } from '../../src/ticket.ts'
import type { RedeemOutcome, TicketStore } from '../../src/ticket-store.ts'
import { issueInTime } from './issuing.ts'
import { type Connection, deadlineMs, type EngineServer, networkedStores, patientMs } from './networked-stores.ts'

const graceMs = 1000
const backWithinMs = 5000
const lateMs = 300
/** Longer than anybody waits, and than a machine stands still that many share. */
const foreverMs = 5000
/** How long a store on NATS waits for a replica before it asks the leader: `patienceMs` of stores/nats.ts. */
const replicaPatienceMs = 250
// Not more than a pool has connections: what waits for one is not at the engine.
const severalRecords = 5

/** What redeeming came to: the outcome, or the code of the StoreError. */
type Answer = RedeemOutcome | StoreError['code']

interface Answered {
  readonly answer: Answer
  readonly tookMs: number
}

async function redeem(store: TicketStore, { id }: TicketRecord): Promise<Answered> {
  const startedAt = performance.now()
  const answer = await store.redeem(id, systemClock()).catch((error: unknown) => {
    if (error instanceof StoreError) return error.code
    throw error
  })
  return { answer, tookMs: performance.now() - startedAt }
}

function issue(store: TicketStore, count: number): Promise<TicketRecord[]> {
  return Promise.all(Array.from({ length: count }, () => issueInTime(store)))
}

describe.concurrent.each(networkedStores)('$name', ({ protocol, startServer, connect, spendingText }) => {
  let server: EngineServer
  let proxy: FaultProxy
  /** By way of the proxy. */
  let proxied: Connection
  /** Straight to the engine: what it knows. */
  let direct: Connection

  beforeAll(async () => {
    server = await startServer()
    proxy = await startFaultProxy({ to: server.port, protocol })
    proxied = connect(proxy.port)
    direct = connect(server.port, patientMs)
    for (const { store } of [proxied, direct]) await until('the store is there', () => store.inspect())
  })
  afterAll(async () => {
    await Promise.all([proxied?.close(), direct?.close()])
    await proxy?.stop()
    await server?.dispose()
  })

  /** How often a redemption of each has gone over the line. */
  const timesSent = (records: readonly TicketRecord[]) => records.map(({ id }) => proxy.requestsWith(spendingText(id)))

  async function areSpent(records: readonly TicketRecord[]): Promise<boolean> {
    const states = await Promise.all(records.map(({ id }) => direct.store.read(id, systemClock())))
    return states.every(({ kind }) => kind === 'redeemed')
  }

  /** The proxied store redeems again, with nobody's help. Its answers on the way there are its own, or none. */
  async function isBack(): Promise<void> {
    const startedAt = performance.now()
    const back = await until('the store redeems again', async () => {
      const [record] = (await issue(direct.store, 1)) as [TicketRecord]
      const { answer } = await redeem(proxied.store, record).catch((error: unknown) => ({ answer: error }))
      return answer === 'unavailable' || answer === 'corrupt' ? null : { record, answer }
    })
    expect(back.answer).toEqual({ kind: 'redeemed', record: back.record })
    expect(performance.now() - startedAt).toBeLessThan(backWithinMs + heldUpMs())
  }

  /**
   * The reply was to another record, and does not admit. On NATS, whoever has waited long enough for a replica, as on a busy machine,
   * asks the leader and is told of its own record.
   */
  function expectNotAdmitted({ answer, tookMs }: Answered, record: TicketRecord, alsoAllowed: Answer[] = []): void {
    const isOfLeader = protocol === 'nats' && Math.ceil(tookMs) >= replicaPatienceMs
    const own: Answer[] = isOfLeader ? [{ kind: 'redeemed', record }] : []
    expect(['corrupt', 'unavailable', ...alsoAllowed, ...own]).toContainEqual(answer)
  }

  /**
   * Opens as many connections as a pool has, so that what comes next does not begin with opening one. On a busy machine that may take
   * longer than an answer may.
   */
  async function warmUp(): Promise<void> {
    const all = await until('every connection answers', async () => {
      const records = await issue(direct.store, 20)
      const answers = await Promise.all(records.map((record) => redeem(proxied.store, record)))
      return answers.some(({ answer }) => answer === 'unavailable') ? null : { records, answers }
    })
    expect(all.answers.map(({ answer }) => answer)).toEqual(all.records.map((record) => ({ kind: 'redeemed', record })))
  }

  /**
   * Redeems two tickets, and gives each the reply to the other: those to the requests with this text of theirs. Two others, where one was
   * given up before there were two replies.
   */
  function redeemSwapped(textOf: (id: TicketId) => string, { otherIsSpent = false } = {}) {
    return until('two replies are swapped', async () => {
      await warmUp()
      const [one, other] = (await issue(direct.store, 2)) as [TicketRecord, TicketRecord]
      if (otherIsSpent) await redeem(direct.store, other)
      let isSwapped = false
      void proxy.swapReplies(textOf(one.id), textOf(other.id)).then(() => {
        isSwapped = true
      })
      const answers = await Promise.all([redeem(proxied.store, one), redeem(proxied.store, other)])
      return isSwapped ? { one, other, answers } : null
    })
  }

  describe.sequential('a reply', { timeout: 60_000 }, () => {
    it('that is lost after the redemption was executed admits nobody, and the redemption is not sent again', async () => {
      await warmUp()
      const [record] = (await issue(direct.store, 1)) as [TicketRecord]
      const lost = proxy.loseReply(spendingText(record.id))
      const { answer, tookMs } = await redeem(proxied.store, record)
      await lost
      expect(answer).toBe('unavailable')
      expect(tookMs).toBeLessThan(deadlineMs + graceMs + heldUpMs())
      await isBack()
      expect(timesSent([record])).toEqual([1])
      expect((await redeem(direct.store, record)).answer).toEqual({ kind: 'spent' })
    })

    it('to each of several redemptions, lost with the line, admits nobody, and none is sent again', async () => {
      await warmUp()
      const records = await issue(direct.store, severalRecords)
      for (const { id } of records) void proxy.delayReply(spendingText(id), foreverMs)
      const redeemed = Promise.all(records.map((record) => redeem(proxied.store, record)))
      await until('all are executed', () => areSpent(records))
      proxy.cut()
      for (const { answer, tookMs } of await redeemed) {
        expect(answer).toBe('unavailable')
        expect(tookMs).toBeLessThan(deadlineMs + graceMs + heldUpMs())
      }
      await isBack()
      expect(timesSent(records)).toEqual(records.map(() => 1))
      const afterwards = await Promise.all(records.map((record) => redeem(direct.store, record)))
      expect(afterwards.map(({ answer }) => answer)).toEqual(records.map(() => ({ kind: 'spent' })))
    })

    it('that never comes, for the line broke on the way there, leaves a ticket that is as good as before', async () => {
      await warmUp()
      const records = await issue(direct.store, severalRecords)
      proxy.hold('requests')
      const redeemed = Promise.all(records.map((record) => redeem(proxied.store, record)))
      setTimeout(proxy.cut, deadlineMs / 4)
      for (const { answer, tookMs } of await redeemed) {
        expect(answer).toBe('unavailable')
        expect(tookMs).toBeLessThan(deadlineMs + graceMs + heldUpMs())
      }
      proxy.pass()
      await isBack()
      expect(timesSent(records)).toEqual(records.map(() => 0))
      const afterwards = await Promise.all(records.map((record) => redeem(direct.store, record)))
      expect(afterwards.map(({ answer }) => answer)).toEqual(records.map((record) => ({ kind: 'redeemed', record })))
    })

    it('that comes after the deadline is for nobody, and the next question gets its own', async () => {
      await warmUp()
      const [late] = (await issue(direct.store, 1)) as [TicketRecord]
      let arrived = false
      const arrival = proxy.delayReply(spendingText(late.id), deadlineMs + lateMs).then(() => {
        arrived = true
      })
      const { answer, tookMs } = await redeem(proxied.store, late)
      expect(answer).toBe('unavailable')
      expect(tookMs).toBeLessThan(deadlineMs + graceMs + heldUpMs())
      expect(arrived).toBe(false)
      while (!arrived) await isBack()
      await arrival
      await isBack()
      expect(timesSent([late])).toEqual([1])
      expect((await redeem(proxied.store, late)).answer).toEqual({ kind: 'spent' })
    })

    it('that is given to another admits neither as the other', async () => {
      // On NATS both may have been told by the leader.
      const rounds = protocol === 'nats' ? 5 : 1
      let isNoticed = false
      for (let round = 0; round < rounds && !isNoticed; round += 1) {
        const { one, other, answers } = await redeemSwapped((id) => id)
        expectNotAdmitted(answers[0], one)
        expectNotAdmitted(answers[1], other)
        isNoticed = answers.some(({ answer }) => answer === 'corrupt')
        await isBack()
      }
      expect(isNoticed).toBe(true)
    })

    it('that is given to the bearer of a spent ticket does not admit that bearer', async () => {
      const { one, answers } = await redeemSwapped((id) => id, { otherIsSpent: true })
      expectNotAdmitted(answers[0], one, [{ kind: 'spent' }])
      expect(['corrupt', 'unavailable', { kind: 'spent' }]).toContainEqual(answers[1].answer)
      await isBack()
    })

    // NATS sends every reply to a name of its own, so that no fault of a line gives it to another: this takes a forger.
    it.runIf(protocol === 'nats')(
      'that is forged is believed: an acknowledgement says nothing of the ticket',
      async () => {
        const { other, answers } = await redeemSwapped(spendingText, { otherIsSpent: true })
        expect(answers.map(({ answer }) => answer)).toEqual([{ kind: 'spent' }, { kind: 'redeemed', record: other }])
      },
    )
  })
})
