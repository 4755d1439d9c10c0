/**
 * @module core/parsec/malice/kinds/self-parent-by-different-creator
 *
 * SelfParentByDifferentCreator: an event that continues somebody else's (parsec §9). It is not added.
 * Evidence: the event. A third party looks at who made its self-parent.
 */

import type { EventIndex, Graph, PeerIndex } from '../../graph/graph.ts'
import { NONE } from '../../graph/graph.ts'

export function isSelfParentByDifferentCreator(graph: Graph, creator: PeerIndex, selfParent: EventIndex): boolean {
  return selfParent !== NONE && graph.creatorOf(selfParent) !== creator
}
