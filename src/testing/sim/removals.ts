/**
 * @module testing/sim/removals
 *
 * How often a peer decided somebody's removal in the middle of a message, told by deriving its blocks from its log again:
 * the path on which what comes later in the message must be taken all the same (parsec §8).
 */

import { equalBytes } from '../../base/bytes.ts'
import { Parsec, type ParsecFact, parsecFactFromJson } from '../../core/parsec/index.ts'
import { groupOf } from '../../engine/peer/options.ts'
import type { World } from './world.ts'

/** At the first correct peer of the run; none where nobody left. */
export async function removalsMidMessage({ peers, counts, genesis }: World): Promise<number> {
  const peer = peers.find(({ isLeaving }) => !isLeaving)
  if (peer === undefined || counts.leaves === 0) return 0
  let parsec: Parsec | undefined
  let removals = 0
  /** The step in which a removal was decided last. */
  let removedIn = ''
  for await (const { type, stream, data, metadata } of peer.disk.facts()) {
    if (!stream.startsWith('gossip-')) continue
    const fact = parsecFactFromJson(type, data)
    const cause = metadata.$causationId
    if (cause === removedIn && isReceived(fact, peer.id)) {
      removals += 1
      removedIn = ''
    }
    if (parsec === undefined) parsec = Parsec.fromFacts(groupOf(genesis), peer.signer, [fact])
    else parsec.evolve(fact)
    for (let block = parsec.poll(); block !== undefined; block = parsec.poll()) {
      if (block.payload.type === 'Remove') removedIn = cause
    }
  }
  return removals
}

/** An event begins with its creator's id (parsec §11). */
const isReceived = (fact: ParsecFact, self: Uint8Array): boolean =>
  fact.type === 'GossipEventAccepted' && !equalBytes(fact.bytes.subarray(0, self.length), self)
