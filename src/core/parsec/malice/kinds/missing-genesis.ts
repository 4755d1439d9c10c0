/**
 * @module core/parsec/malice/kinds/missing-genesis
 *
 * MissingGenesis: the second event of a genesis member is no vote for Genesis (parsec §9).
 * Evidence: the hash of that event. A third party looks at the event, its self-parent, and the list of members.
 */

import type { EventIndex } from '../../graph/graph.ts'
import type { Scene } from '../scene.ts'
import { isGenesisVote } from './genesis-vote.ts'

export function isMissingGenesis<P>(scene: Scene<P>, event: EventIndex): boolean {
  const { graph, genesisMembers } = scene
  return graph.indexOf(event) === 1 && genesisMembers.has(graph.creatorOf(event)) && !isGenesisVote(scene, event)
}
