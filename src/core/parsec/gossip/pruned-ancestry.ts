/**
 * @module core/parsec/gossip/pruned-ancestry
 *
 * Whom a peer that started from a checkpoint may give what stands on its stubs (parsec §8): it has nothing of what they stand for, so that the
 * receiver must have all of it, as far as we know. Otherwise it would refuse the message.
 *
 * Exact: of a peer whose stubs are one chain, `last` says how many of them are below an event. Where they stand on several branches, what stands
 * directly on one of them is asked for in its stead: everything else below is below a stub of somebody else, which is counted.
 */

import { type EventIndex, type Graph, NONE, type PeerIndex } from '../graph/graph.ts'
import type { State } from '../state.ts'

type Tips = readonly EventIndex[]

/** Whether all that we lack below any of `given`, or below all that we have, is below one of `known`. */
function isWithin(graph: Graph, given: Tips | 'everything', known: Tips): boolean {
  for (let peer = 0; peer < graph.peerCount; peer += 1) {
    if (graph.isTangled(peer)) continue
    const pruned = graph.prunedPlaces(peer)
    const needed = given === 'everything' ? pruned : Math.min(pruned, placesBelow(graph, given, peer))
    if (needed > placesBelow(graph, known, peer)) return false
  }
  for (const events of graph.onTangled.values()) {
    const isGiven = given === 'everything' || isBelow(graph, given, events)
    // Where none of them is known, it is not certain that the stub is.
    if (isGiven && !isBelow(graph, known, events)) return false
  }
  return true
}

/** How many events of the peer are below these, where they are one chain. */
function placesBelow(graph: Graph, tips: Tips, peer: PeerIndex): number {
  return tips.reduce((most, tip) => Math.max(most, graph.last(tip, peer) + 1), 0)
}

/** Whether any of the events is. */
function isBelow(graph: Graph, tips: Tips, events: readonly EventIndex[]): boolean {
  return events.some((event) => tips.some((tip) => graph.isAncestor(tip, event)))
}

/**
 * Whether a peer may be given what is below `given`: `last` is an event that it has. Whoever makes events has also decided its own admission, so
 * that it has what that followed from; where it started from there, stubs of what was settled, as all is that our stubs stand for.
 */
export function isWithinReach<P>(
  { graph, peers }: State<P>,
  peer: PeerIndex,
  given: Tips | 'everything',
  last: EventIndex,
): boolean {
  if (graph.base === 0) return true
  return isWithin(graph, given, last === NONE ? [] : [last, ...peers.admittedBy(peer)])
}

/**
 * We take part, and may not gossip to so many voters that those whom we may, and we, are no supermajority: as long as that lasts, what we make may
 * reach nobody. Others may never build on what we have stubs for: then only the whole graph helps.
 */
export function isCutOff<P>(state: State<P>): boolean {
  const { graph, self, election } = state
  const { voters } = election
  if (graph.base === 0 || graph.placesOf(self) === 0 || !voters.has(self)) return false
  return !voters.isMajority(voters.peers.filter((peer) => peer === self || mayGossipTo(state, peer)).length)
}

/** Whether we may gossip to it: give it our last event, and what our messages hold besides. */
export function mayGossipTo<P>(state: State<P>, peer: PeerIndex): boolean {
  const { graph, self } = state
  if (graph.base === 0) return true
  const last = graph.lastEventOf(self)
  return last !== NONE && isWithinReach(state, peer, [last, ...state.looseDecisions()], graph.lastEventOf(peer))
}
