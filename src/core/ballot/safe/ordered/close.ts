/**
 * @module core/ballot/safe/ordered/close
 *
 * What a Close block makes of the votes that stand in the order before it (ballots §8.4).
 */

import type { Outcome } from '../../../../wire/ballot/index.ts'
import { requiredVotes } from '../../tally.ts'

export interface ClosingTally {
  readonly yes: number
  readonly no: number
  readonly rosterSize: number
  readonly threshold: number
  /** Whether silence is yes; otherwise it is no. */
  readonly livenessCriteriaYes: boolean
}

/** Every voter has had its time: here, and only here, silence counts. */
export function outcomeAtClose(tally: ClosingTally): Outcome {
  const { yes, no, rosterSize, threshold, livenessCriteriaYes } = tally
  // ballots §8.4: `required` is all of them where at most two vote.
  const required = requiredVotes(rosterSize, threshold)
  const silent = rosterSize - yes - no
  const weightedYes = yes + (livenessCriteriaYes ? silent : 0)
  const weightedNo = no + (livenessCriteriaYes ? 0 : silent)
  if (weightedYes >= required && weightedYes > weightedNo) return 'yes'
  if (weightedNo >= required && weightedNo > weightedYes) return 'no'
  if (silent === 0 && yes === no) return livenessCriteriaYes ? 'yes' : 'no'
  return 'failed'
}
