/**
 * @module core/parsec/malice/kinds/other-parent-by-same-creator
 *
 * OtherParentBySameCreator: an event that answers its own creator (parsec §9). It is not added.
 * Evidence: the event. A third party looks at who made its other parent.
 */

import type { EventIndex, Graph, PeerIndex } from '../../graph/graph.ts'
import { NONE } from '../../graph/graph.ts'

export function isOtherParentBySameCreator(graph: Graph, creator: PeerIndex, otherParent: EventIndex): boolean {
  return otherParent !== NONE && graph.creatorOf(otherParent) === creator
}
