/**
 * @module core/parsec/checkpoint/digest
 *
 * The state digest of a checkpoint (parsec §8): what the future of the order depends on besides the graph.
 *
 * Void keys follow from who was a voter and who was removed (§5(f)), so they need no list of their own; which of them a
 * peer met already depends on what arrived there, and does not count.
 */

import { type Bytes, concatBytes, utf8 } from '../../../base/bytes.ts'
import { CanonicalWriter } from '../../../wire/canonical/writer.ts'
import { type Standing, writeStandings } from '../../../wire/checkpoint/base.ts'
import { NONE } from '../graph/graph.ts'
import type { PeerList } from '../membership/peer-list.ts'
import { VOTE } from '../membership/peer-state.ts'

const DOMAIN = utf8('witan/state/1')

export const VOTES_NOW = 1
export const WAS_VOTER = 2
export const REMOVED = 4

/** Everybody who was ever admitted by the order, with what it decided about them, in order of id. */
export function standingsOf(peers: PeerList): readonly Standing[] {
  return Array.from({ length: peers.count }, (_, peer) => peer)
    .filter((peer) => peers.isAdmitted(peer))
    .sort((a, b) => peers.compare(a, b))
    .map((peer) => ({
      id: peers.idOf(peer),
      flags:
        (peers.has(peer, VOTE) ? VOTES_NOW : 0) |
        (peers.wasVoter(peer) ? WAS_VOTER : 0) |
        (peers.removedAt(peer) === NONE ? 0 : REMOVED),
    }))
}

export interface DigestedState {
  /** Elections that ended. */
  readonly elections: number
  /** Key generations that were agreed. */
  readonly generations: number
  /** Keys decided by elections, with and without a block. */
  readonly decidedCount: number
  /** Chain hash over them. */
  readonly decidedHash: Bytes
  readonly standings: readonly Standing[]
}

/** `u64 elections, u64 key generations, u64 decided keys, [32] their chain hash, standings`, after domain and group id. */
export function stateDigest(groupId: Bytes, state: DigestedState, hash: (bytes: Bytes) => Bytes): Bytes {
  const { elections, generations, decidedCount, decidedHash, standings } = state
  const body = new CanonicalWriter().u64(elections).u64(generations).u64(decidedCount).fixed(decidedHash)
  return hash(concatBytes(DOMAIN, groupId, writeStandings(body, standings).finish()))
}
