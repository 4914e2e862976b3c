/**
 * What `get` and then `delete` of a key-value client come to: the last message of a subject is read, and an empty one put on top.
 * @module
 */

/** @import { JetStreamClient, JetStreamManager } from '@nats-io/jetstream' */
/** @import { RacedStore } from './subject.mjs' */

const stream = 'KV_naive'
const subjectOf = (/** @type {string} */ id) => `$KV.naive.${id}`

/**
 * Creates what the naive store keeps its records in.
 * @param {JetStreamManager} manager
 */
export async function createNaiveBucket(manager) {
  await manager.streams.add({
    name: stream,
    subjects: [subjectOf('>')],
    storage: 'memory',
    max_msgs_per_subject: 1,
    allow_direct: true,
  })
}

/**
 * @param {JetStreamClient} jetstream
 * @param {JetStreamManager} manager
 * @returns {RacedStore}
 */
export function createNaiveNatsStore(jetstream, manager) {
  return {
    async insert(record) {
      await jetstream.publish(subjectOf(record.id), JSON.stringify(record))
    },
    async redeem(id) {
      const text = (await manager.direct.getMessage(stream, { last_by_subj: subjectOf(id) }))?.string() ?? ''
      if (text === '') return { kind: 'spent' }
      await jetstream.publish(subjectOf(id), '')
      return { kind: 'redeemed', record: JSON.parse(text) }
    },
  }
}
