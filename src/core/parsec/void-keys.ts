/**
 * @module core/parsec/void-keys
 *
 * Keys that can never have an effect again (parsec §5(f), Stronger): decided without a block, whenever they arrive.
 *
 * Only what is permanent voids, so that it voids for all: a removed peer stays removed, who was a voter stays one who was.
 */

import type { Observation, PeerId } from '../../wire/canonical/types.ts'
import { NONE, type PeerIndex } from './graph/graph.ts'
import type { State } from './state.ts'
import { isVoidBy } from './void-rule.ts'

/** Whether the key of this observation, voted by `voter`, is void from here on. */
export function isVoid<P>({ group, peers }: State<P>, observation: Observation<P>, voter: PeerIndex): boolean {
  // Nearly every vote there is.
  if (observation.type === 'OpaquePayload' && peers.removedAt(voter) === NONE) return false
  const known = (id: PeerId, holds: (peer: PeerIndex) => boolean): boolean => {
    const peer = peers.find(id)
    return peer !== NONE && holds(peer)
  }
  return isVoidBy(group, observation, peers.idOf(voter), {
    isRemoved: (id) => known(id, (peer) => peers.removedAt(peer) !== NONE),
    wasVoter: (id) => known(id, (peer) => peers.wasVoter(peer)),
  })
}

/** Whether a block of this may void others: it is what changes who is removed, and who was a voter. */
export function mayVoid<P>({ type }: Observation<P>): boolean {
  return type === 'Add' || type === 'Remove' || type === 'Accusation'
}

/** After a group of blocks of which one may: voids what became void by it. Whatever comes later is looked at when it comes. */
export function voidKeys<P>(state: State<P>): void {
  if (!state.stronger) return
  for (const open of Array.from(state.keys.undecided.values())) {
    const [vote = NONE] = open.votes
    if (isVoid(state, state.observationAt(vote), state.graph.creatorOf(vote))) state.keys.decide(open.key)
  }
}
