/**
 * @module core/parsec/checkpoint/settled
 *
 * Which events are settled at a checkpoint: everybody who made an event of their ancestry, or is asked in it, had been admitted, and all votes in it are for keys that
 * were decided or void (parsec §8, §5(f)). A function of the event's ancestry and of the blocks, the same on every peer.
 *
 * Nothing in a settled event can ever count again. It carries no undecided key, so it has no interesting content; it
 * descends from no interesting event, so it observes nothing and votes for nothing. Only how many events of each creator lie
 * below it is still asked for.
 */

import { toHex } from '../../../base/text.ts'
import { CAUSE_TAG, type Observation, type PeerId } from '../../../wire/canonical/types.ts'
import { type EventIndex, type Graph, NONE, type PeerIndex } from '../graph/graph.ts'
import { ByteList } from '../graph/lists.ts'
import type { Group } from '../group.ts'
import type { PeerList } from '../membership/peer-list.ts'
import { isVoidBy } from '../void-rule.ts'
import type { Checkpoint, Checkpoints } from './checkpoints.ts'
import { REMOVED, WAS_VOTER } from './digest.ts'

/** A graph, and what was decided from it. */
export interface Ordered<P> {
  readonly graph: Graph
  readonly peers: PeerList
  readonly group: Group<P>
  readonly checkpoints: Checkpoints
  observationAt(vote: EventIndex): Observation<P>
}

/** By event of the graph, also as it will be. */
export function settledAt<P>(state: Ordered<P>, checkpoint: Checkpoint): (event: EventIndex) => boolean {
  const { graph, peers } = state
  const flagsOf = standingFlags(checkpoint)
  const decided = new Set(state.checkpoints.decided.keysUpTo(checkpoint.decidedCount))
  const isKeySettled = (vote: EventIndex): boolean =>
    decided.has(graph.subjectOf(vote)) || isVoidFor(state, flagsOf, vote)
  const hasStanding = (peer: PeerIndex): boolean => flagsOf(peers.idOf(peer)) !== undefined
  const isByItself = (event: EventIndex): boolean => {
    const cause = graph.causeOf(event)
    if (!hasStanding(graph.creatorOf(event))) return false
    if (cause === CAUSE_TAG.Requesting) return hasStanding(graph.subjectOf(event))
    return cause !== CAUSE_TAG.Observation || isKeySettled(event)
  }
  const settled = new ByteList()
  const isSettled = (event: EventIndex): boolean => event === NONE || settled.at(event) === 1
  return (event) => {
    for (let next = settled.length; next < graph.size; next += 1) {
      const isStub = next < graph.base
      const isAllSettled =
        isStub || (isByItself(next) && isSettled(graph.selfParentOf(next)) && isSettled(graph.otherParentOf(next)))
      settled.push(isAllSettled ? 1 : 0)
    }
    return isSettled(event)
  }
}

type FlagsOf = (id: PeerId) => number | undefined

function standingFlags({ standings }: Checkpoint): FlagsOf {
  const flags = new Map(standings.map((standing) => [toHex(standing.id), standing.flags]))
  return (id) => flags.get(toHex(id))
}

/** parsec §5(f), by what the order had decided about peers then. */
function isVoidFor<P>(state: Ordered<P>, flagsOf: FlagsOf, vote: EventIndex): boolean {
  const has = (id: PeerId, flag: number): boolean => ((flagsOf(id) ?? 0) & flag) !== 0
  return isVoidBy(state.group, state.observationAt(vote), state.peers.idOf(state.graph.creatorOf(vote)), {
    isRemoved: (id) => has(id, REMOVED),
    wasVoter: (id) => has(id, WAS_VOTER),
  })
}
