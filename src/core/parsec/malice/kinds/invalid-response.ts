/**
 * @module core/parsec/malice/kinds/invalid-response
 *
 * InvalidResponse: a Response that does not answer a still unanswered Request to a Requesting of its creator (parsec §9).
 * It is not added. The Request is its other parent or the nearest sync event before that; `unanswered` is judged along the
 * self-ancestry of the event.
 * Evidence: the event. A third party looks at the Request, at what that answers, and for an earlier answer.
 */

import { type EventIndex, NONE, type PeerIndex } from '../../graph/graph.ts'
import type { Answers } from '../answers.ts'

export function isInvalidResponse(
  answers: Answers,
  creator: PeerIndex,
  selfParent: EventIndex,
  otherParent: EventIndex,
): boolean {
  const question = answers.questionAt(otherParent)
  if (question?.awaits !== 'response' || question.by !== creator) return true
  return answers.onBranch(question.asked, selfParent) !== NONE
}
