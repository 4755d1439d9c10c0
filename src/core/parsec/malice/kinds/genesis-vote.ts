/**
 * @module core/parsec/malice/kinds/genesis-vote
 *
 * Votes for the Genesis of the group, as events of the graph.
 */

import { equalBytes } from '../../../../base/bytes.ts'
import { CAUSE_TAG } from '../../../../wire/canonical/types.ts'
import type { EventIndex } from '../../graph/graph.ts'
import type { Scene } from '../scene.ts'

export function isGenesisVote<P>({ graph, keys, group }: Scene<P>, event: EventIndex): boolean {
  if (graph.causeOf(event) !== CAUSE_TAG.Observation) return false
  return equalBytes(keys.hashOf(graph.subjectOf(event)), group.id)
}
