/**
 * @module bench/parsec/network
 *
 * A calm network of a fixed group, for long runs: everybody votes and gossips in turns, and the first peer's part is
 * recorded.
 */

import { present } from '../../src/base/errors.ts'
import { toHex } from '../../src/base/text.ts'
import { bytesGroup, Parsec, type SendMessage } from '../../src/core/parsec/index.ts'
import { sha3 } from '../../src/crypto/index.ts'
import { insecureSigner } from '../../src/testing/insecure-scheme.ts'
import { SeededRandom } from '../../src/testing/seeded-random.ts'
import { type Operation, type Part, perform } from './part.ts'

const PAYLOAD_BYTES = 32
/** Share of the exchanges before which the peer votes. */
const VOTE_RATE = 0.5

export interface LongRun {
  readonly part: Part
  readonly events: number
}

/** Until the first peer has so many events. */
export function longRun(members: number, events: number): LongRun {
  const random = new SeededRandom(`long-${members}`)
  const signers = Array.from({ length: members }, () => insecureSigner(random.bytes(32)))
  const group = bytesGroup({ members: signers.map(({ identity }) => identity), mode: 'single', hash: sha3 })
  const peers = signers.map((signer) => Parsec.fromGenesis(group, signer).parsec)
  const byId = new Map(peers.map((peer) => [toHex(peer.ourId), peer]))
  const first = present(peers[0], 'there are members')
  const operations: Operation[] = []
  const operate = (peer: Parsec, operation: Operation): readonly SendMessage[] => {
    if (peer === first) operations.push(operation)
    const step = perform(peer, operation)
    if (step?.error !== undefined) throw step.error
    return step?.effects ?? []
  }
  for (let exchange = 0; first.eventCount < events; exchange += 1) {
    const from = random.pick(peers)
    if (random.chance(VOTE_RATE)) {
      operate(from, { type: 'vote', observation: { type: 'OpaquePayload', payload: random.bytes(PAYLOAD_BYTES) } })
    }
    const to = random.pick(from.gossipRecipients())
    const receiver = present(byId.get(toHex(to)), 'recipients are members')
    for (const request of operate(from, { type: 'gossip', to })) {
      for (const answer of operate(receiver, { type: 'request', from: from.ourId, message: request.bytes })) {
        operate(from, { type: 'response', from: to, message: answer.bytes })
      }
    }
    if (exchange % (members * 4) === 0) for (const peer of peers) operate(peer, { type: 'poll' })
  }
  const signer = present(signers[0], 'there are members')
  return {
    part: { operations, signer, start: (own) => Parsec.fromGenesis(group, own).parsec },
    events: first.eventCount,
  }
}
