/**
 * @module core/parsec/malice/kinds/duplicate-vote
 *
 * DuplicateVote: two votes for one observation by one creator, on whichever branches (parsec §9).
 * Evidence: both hashes. A third party looks at the two signed events alone. Of votes on two branches it is enough that
 * they show a fork.
 */

import { CAUSE_TAG, type Malice } from '../../../../wire/canonical/types.ts'
import type { EventIndex } from '../../graph/graph.ts'
import type { Scene } from '../scene.ts'

export function isDuplicateVote<P>({ graph }: Scene<P>, a: EventIndex, b: EventIndex): boolean {
  const isVote = (event: EventIndex): boolean => graph.causeOf(event) === CAUSE_TAG.Observation
  // Keys of `Single` mode name the voter, and both are by one.
  return a !== b && isVote(a) && isVote(b) && graph.subjectOf(a) === graph.subjectOf(b)
}

/** `earlier` is a self-ancestor of `later`, so that all who found the pair name it alike. */
export function duplicateVote<P>({ graph }: Scene<P>, earlier: EventIndex, later: EventIndex): Malice {
  return { type: 'DuplicateVote', events: [graph.hashOf(earlier).slice(), graph.hashOf(later).slice()] }
}
