/**
 * @module core/parsec/void-keys
 *
 * Keys that can never have an effect again (parsec §5(f), Stronger): decided without a block, whenever they arrive.
 *
 * Only what is permanent voids, so that it voids for all: a removed peer stays removed, who was a voter stays one who was.
 */

import type { Observation } from '../../wire/canonical/types.ts'
import { NONE, type PeerIndex } from './graph/graph.ts'
import type { State } from './state.ts'

/** Whether the key of this observation, voted by `voter`, is void from here on. */
export function isVoid<P>(state: State<P>, observation: Observation<P>, voter: PeerIndex): boolean {
  const { peers } = state
  const isRemoved = (peer: PeerIndex): boolean => peer !== NONE && peers.removedAt(peer) !== NONE
  if (state.group.modeOf(observation) === 'single' && isRemoved(voter)) return true
  switch (observation.type) {
    case 'Remove':
      return isRemoved(peers.find(observation.peerId))
    case 'Accusation':
      return isRemoved(peers.find(observation.offender))
    case 'Add': {
      const peer = peers.find(observation.peerId)
      return peer !== NONE && peers.wasVoter(peer)
    }
    case 'Genesis':
    case 'OpaquePayload':
    case 'StartDkg':
    case 'DkgResult':
    case 'DkgMessage':
      return false
    default:
      return observation satisfies never
  }
}

/** After a group of blocks: voids what became void by it. */
export function voidKeys<P>(state: State<P>): void {
  if (!state.stronger) return
  for (const open of Array.from(state.keys.undecided.values())) {
    const [vote = NONE] = open.votes
    if (isVoid(state, state.observationAt(vote), state.graph.creatorOf(vote))) state.keys.decide(open.key)
  }
}
