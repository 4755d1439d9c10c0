/**
 * @module core/parsec/malice/ancestry
 *
 * Sets of events closed under ancestry (parsec §9), each given by its tips: the set of two parents is what the event to
 * come will have among its ancestors.
 */

import { type EventIndex, type Graph, NONE } from '../graph/graph.ts'

export type Tips = readonly EventIndex[]

/** Whether the set holds the event. */
export function holds(graph: Graph, tips: Tips, event: EventIndex): boolean {
  return event !== NONE && tips.some((tip) => tip !== NONE && graph.isAncestor(tip, event))
}

/** Whether `y` is `x`, or lies on the path of self-parents from it. Both are by one creator. */
export function isOnBranch(graph: Graph, x: EventIndex, y: EventIndex): boolean {
  if (x === NONE || y > x) return false
  return graph.isForker(graph.creatorOf(x)) ? graph.isSelfAncestor(x, y) : graph.creatorOf(x) === graph.creatorOf(y)
}
