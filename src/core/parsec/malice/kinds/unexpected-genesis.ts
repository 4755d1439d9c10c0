/**
 * @module core/parsec/malice/kinds/unexpected-genesis
 *
 * UnexpectedGenesis: a vote for Genesis by who is no genesis member, or not right after Initial (parsec §9).
 * Evidence: the hash of the vote. A third party looks at the event, the list of members, and the event's self-parent.
 */

import type { EventIndex } from '../../graph/graph.ts'
import type { Scene } from '../scene.ts'
import { isGenesisVote } from './genesis-vote.ts'

export function isUnexpectedGenesis<P>(scene: Scene<P>, event: EventIndex): boolean {
  if (!isGenesisVote(scene, event)) return false
  const { graph, genesisMembers } = scene
  return !genesisMembers.has(graph.creatorOf(event)) || graph.indexOf(event) !== 1
}
