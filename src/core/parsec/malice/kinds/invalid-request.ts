/**
 * @module core/parsec/malice/kinds/invalid-request
 *
 * InvalidRequest: a Request whose other parent is not a still unanswered Requesting to its creator (parsec §9). It is not
 * added. `Unanswered` is judged along the self-ancestry of the event.
 * Evidence: the event. A third party looks at its other parent, and for an earlier answer among its self-ancestors.
 */

import { CAUSE_TAG } from '../../../../wire/canonical/types.ts'
import { type EventIndex, type Graph, NONE, type PeerIndex } from '../../graph/graph.ts'
import type { Answers } from '../answers.ts'

export function isInvalidRequest(
  graph: Graph,
  answers: Answers,
  creator: PeerIndex,
  selfParent: EventIndex,
  otherParent: EventIndex,
): boolean {
  if (graph.causeOf(otherParent) !== CAUSE_TAG.Requesting || graph.subjectOf(otherParent) !== creator) return true
  return answers.onBranch(otherParent, selfParent) !== NONE
}
