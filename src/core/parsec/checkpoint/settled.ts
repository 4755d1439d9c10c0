/**
 * @module core/parsec/checkpoint/settled
 *
 * Which events are settled at a checkpoint: everybody who made an event of their ancestry had been admitted, and all votes in it are for keys that were decided or void
 * (parsec §8, §5(f)). A function of the event's ancestry and of the blocks, the same on every peer.
 *
 * Nothing in a settled event can ever count again. It carries no undecided key, so it has no interesting content; it
 * descends from no interesting event, so it observes nothing and votes for nothing. Only how many events of each creator lie
 * below it is still asked for.
 */

import { toHex } from '../../../base/text.ts'
import { CAUSE_TAG, type PeerId } from '../../../wire/canonical/types.ts'
import { type EventIndex, NONE } from '../graph/graph.ts'
import type { State } from '../state.ts'
import { isVoidBy } from '../void-keys.ts'
import type { Checkpoint } from './checkpoints.ts'
import { REMOVED, WAS_VOTER } from './digest.ts'

/** By event of the graph as it is now. */
export function settledAt<P>(state: State<P>, checkpoint: Checkpoint): (event: EventIndex) => boolean {
  const { graph, peers } = state
  const flagsOf = standingFlags(checkpoint)
  const decided = new Set(state.checkpoints.decided.keysUpTo(checkpoint.decidedCount))
  const isKeySettled = (vote: EventIndex): boolean =>
    decided.has(graph.subjectOf(vote)) || isVoidFor(state, flagsOf, vote)
  const unsettled = new Uint8Array(graph.size)
  const isUnsettled = (event: EventIndex): boolean => event !== NONE && unsettled[event] === 1
  for (let event = graph.base; event < graph.size; event += 1) {
    const isByItself =
      flagsOf(peers.idOf(graph.creatorOf(event))) === undefined ||
      (graph.causeOf(event) === CAUSE_TAG.Observation && !isKeySettled(event))
    if (isByItself || isUnsettled(graph.selfParentOf(event)) || isUnsettled(graph.otherParentOf(event))) {
      unsettled[event] = 1
    }
  }
  return (event) => unsettled[event] === 0
}

type FlagsOf = (id: PeerId) => number | undefined

function standingFlags({ standings }: Checkpoint): FlagsOf {
  const flags = new Map(standings.map((standing) => [toHex(standing.id), standing.flags]))
  return (id) => flags.get(toHex(id))
}

/** parsec §5(f), by what the order had decided about peers then. */
function isVoidFor<P>(state: State<P>, flagsOf: FlagsOf, vote: EventIndex): boolean {
  const has = (id: PeerId, flag: number): boolean => ((flagsOf(id) ?? 0) & flag) !== 0
  return isVoidBy(state.group, state.observationAt(vote), state.peers.idOf(state.graph.creatorOf(vote)), {
    isRemoved: (id) => has(id, REMOVED),
    wasVoter: (id) => has(id, WAS_VOTER),
  })
}
