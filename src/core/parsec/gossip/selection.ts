/**
 * @module core/parsec/gossip/selection
 *
 * Which events a message holds (parsec §8), in insertion order.
 */

import { type EventIndex, type Graph, NONE, type PeerIndex } from '../graph/graph.ts'

/**
 * The reference: every event with an index above what the last known event `y` of the peer knows, and all members of all
 * fork sets. Without `y` everything.
 */
export function eventsBeyond(graph: Graph, y: EventIndex): readonly EventIndex[] {
  if (y === NONE) return Array.from({ length: graph.size - graph.base }, (_, place) => graph.base + place)
  const events: EventIndex[] = []
  for (let peer = 0; peer < graph.peerCount; peer += 1) {
    const known = graph.last(y, peer)
    const places = graph.placesOf(peer)
    if (!graph.isForker(peer)) {
      const first = Math.max(known + 1, graph.prunedPlaces(peer))
      for (let place = first; place < places; place += 1) events.push(graph.firstAt(peer, place))
      continue
    }
    for (let place = 0; place < places; place += 1) {
      const members = graph.membersAt(peer, place)
      for (const event of members)
        if (event >= graph.base && (members.length > 1 || graph.indexOf(event) > known)) events.push(event)
    }
  }
  return events.sort(ascending)
}

/** Stronger: the ancestors of `x`, itself included, that are no ancestors of `y` (NONE: all). */
export function ancestorsBeyond(graph: Graph, x: EventIndex, y: EventIndex): readonly EventIndex[] {
  const events: EventIndex[] = []
  for (let peer = 0; peer < graph.peerCount; peer += 1) collect(graph, x, y, peer, events)
  return events.sort(ascending)
}

function collect(graph: Graph, x: EventIndex, y: EventIndex, peer: PeerIndex, into: EventIndex[]): void {
  if (!graph.isForker(peer)) {
    const from = y === NONE ? 0 : graph.last(y, peer) + 1
    // Of what lies before our checkpoint there is nothing to tell.
    const first = Math.max(from, graph.prunedPlaces(peer))
    for (let place = first; place <= graph.last(x, peer); place += 1) into.push(graph.firstAt(peer, place))
    return
  }
  for (let place = 0; place < graph.placesOf(peer); place += 1) {
    for (const event of graph.membersAt(peer, place)) {
      if (event >= graph.base && graph.isAncestor(x, event) && (y === NONE || !graph.isAncestor(y, event)))
        into.push(event)
    }
  }
}

function ascending(a: number, b: number): number {
  return a - b
}
