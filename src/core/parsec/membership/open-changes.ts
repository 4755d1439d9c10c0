/**
 * @module core/parsec/membership/open-changes
 *
 * Changes of the voters that somebody voted for and that are not agreed yet (parsec §2, §5(f)).
 */

import type { Bytes } from '../../../base/bytes.ts'
import type { PeerId } from '../../../wire/canonical/types.ts'
import { NONE } from '../graph/graph.ts'
import type { State } from '../state.ts'

export interface OpenChange {
  readonly type: 'Add' | 'Remove'
  readonly peerId: PeerId
  readonly relatedInfo: Bytes
  /** Voters whose votes for it are in our graph, in order of id. */
  readonly supporters: readonly PeerId[]
  /** How many of them it takes. */
  readonly needed: number
  /** We voted for it. */
  readonly isOurs: boolean
}

/** In order of the first vote that we got. */
export function openChanges<P>(state: State<P>): readonly OpenChange[] {
  const { graph, peers, keys, election } = state
  const { voters } = election
  const changes: OpenChange[] = []
  for (const { key, voter, votes } of keys.undecided.values()) {
    if (voter !== NONE) continue
    const observation = state.observationAt(votes[0] ?? NONE)
    if (observation.type !== 'Add' && observation.type !== 'Remove') continue
    const creators = new Set(votes.map((vote) => graph.creatorOf(vote)))
    const supporters = voters.peers.filter((peer) => creators.has(peer)).map((peer) => peers.idOf(peer))
    changes.push({ ...observation, supporters, needed: voters.majority, isOurs: keys.isOurs(key) })
  }
  return changes
}
