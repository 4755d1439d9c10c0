/**
 * @module core/parsec/malice/kinds/invalid-request
 *
 * InvalidRequest: a Request whose other parent is not a still unanswered Requesting to its creator (parsec §9). It is not
 * added. `Unanswered` is judged along the self-ancestry of the event.
 * Evidence: the event. A third party looks at its other parent, and for an earlier answer among its self-ancestors.
 */

import { type EventIndex, NONE, type PeerIndex } from '../../graph/graph.ts'
import type { Answers } from '../answers.ts'

export function isInvalidRequest(
  answers: Answers,
  creator: PeerIndex,
  selfParent: EventIndex,
  otherParent: EventIndex,
): boolean {
  const question = answers.questionAt(otherParent)
  if (question?.awaits !== 'request' || question.by !== creator) return true
  return answers.onBranch(question.asked, selfParent) !== NONE
}
