/**
 * @module core/parsec/malice/kinds/duplicate-vote
 *
 * DuplicateVote: two votes for one observation by one creator, on whichever branches (parsec §9).
 * Evidence: both hashes, by index and then by hash, so that all who found the pair name it alike. A third party looks at
 * the two signed events alone.
 */

import { compareBytes } from '../../../../base/bytes.ts'
import { CAUSE_TAG, type Malice } from '../../../../wire/canonical/types.ts'
import type { EventIndex } from '../../graph/graph.ts'
import type { Scene } from '../scene.ts'

export function isDuplicateVote<P>({ graph }: Scene<P>, a: EventIndex, b: EventIndex): boolean {
  const isVote = (event: EventIndex): boolean => graph.causeOf(event) === CAUSE_TAG.Observation
  // Keys of `Single` mode name the voter, and both are by one.
  return a !== b && isVote(a) && isVote(b) && graph.subjectOf(a) === graph.subjectOf(b)
}

export function duplicateVote<P>({ graph }: Scene<P>, a: EventIndex, b: EventIndex): Malice {
  const order = graph.indexOf(a) - graph.indexOf(b) || compareBytes(graph.hashOf(a), graph.hashOf(b))
  const [first, second] = order < 0 ? [a, b] : [b, a]
  return { type: 'DuplicateVote', events: [graph.hashOf(first).slice(), graph.hashOf(second).slice()] }
}
