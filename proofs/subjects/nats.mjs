/**
 * NATS JetStream on one server, through @nats-io/jetstream.
 * @module
 */
import { jetstream, jetstreamManager } from '@nats-io/jetstream'
import { connect } from '@nats-io/transport-node'
import { fromNats, natsOptions } from 'wsticket/drivers/nats'
import { createNatsStore } from 'wsticket/stores/nats'
import { startNats } from 'wsticket-engines/nats'
import { createNaiveBucket, createNaiveNatsStore } from '../naive-nats.mjs'
import { clientNamed } from '../subject.mjs'

/** @import { Subject } from '../subject.mjs' */

/** @type {Subject} */
export const subject = {
  client: clientNamed('@nats-io/jetstream'),
  shortRacers: 4,
  async start() {
    const { url: address, dispose } = await startNats()
    return { address, stop: dispose }
  },
  async open(address) {
    const connection = await connect({ servers: address, ...natsOptions })
    return { store: createNatsStore(fromNats(jetstream(connection))), close: () => connection.close() }
  },
  async openNaive(address) {
    const connection = await connect({ servers: address })
    const manager = await jetstreamManager(connection)
    await createNaiveBucket(manager)
    return { store: createNaiveNatsStore(jetstream(connection), manager), close: () => connection.close() }
  },
}
