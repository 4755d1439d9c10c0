/**
 * @module core/ballot/tally
 *
 * The result of the policy `compatible` (ballots §5), a function of counts alone. It is that of the reference, unsafe as
 * it is: silent peers are weighted as soon as the quorum gate passes, though they may only be late.
 */

const TWO_THIRDS = 2 / 3
const TOLERANCE = 2 ** -52

/** Votes that suffice: `ceil(2n/3)` in integers for two thirds, else `ceil(n * threshold)` in double precision. */
export function thresholdVotes(expectedVoters: number, threshold: number): number {
  // ballots §5
  if (Math.abs(threshold - TWO_THIRDS) < TOLERANCE) return Math.floor((2 * expectedVoters + 2) / 3)
  return saturate(Math.ceil(expectedVoters * threshold))
}

/** As a cast to an unsigned integer saturates: no number gives 0. */
function saturate(votes: number): number {
  return Number.isNaN(votes) ? 0 : Math.min(Math.max(votes, 0), 0xffff_ffff)
}

/** `required` of ballots §5: all of them where at most two vote. */
export function requiredVotes(expectedVoters: number, threshold: number): number {
  return expectedVoters <= 2 ? expectedVoters : thresholdVotes(expectedVoters, threshold)
}

export function hasSufficientVotes(totalVotes: number, expectedVoters: number, threshold: number): boolean {
  return totalVotes >= requiredVotes(expectedVoters, threshold)
}

export interface Counts {
  readonly yes: number
  readonly no: number
  readonly expectedVoters: number
  readonly threshold: number
  readonly livenessCriteriaYes: boolean
  readonly isTimeout: boolean
}

/** The decision, or `undefined` where there is none (yet; at timeout: the session fails). */
export function calculateConsensusResult(counts: Counts): boolean | undefined {
  const { yes, no, expectedVoters, livenessCriteriaYes, isTimeout } = counts
  const votes = yes + no
  // ballots §5, 1: at most two voters must all vote, and yes needs all of them.
  if (expectedVoters <= 2) return votes < expectedVoters ? undefined : yes === expectedVoters
  const required = requiredVotes(expectedVoters, counts.threshold)
  // ballots §5, 2: at timeout the silent count as present.
  const present = isTimeout ? Math.max(votes, expectedVoters) : votes
  if (present < required) return undefined
  // ballots §5, 3
  const silent = Math.max(expectedVoters - votes, 0)
  const weightedYes = livenessCriteriaYes ? yes + silent : yes
  const weightedNo = livenessCriteriaYes ? no : no + silent
  // ballots §5, 4
  if (weightedYes >= required && weightedYes > weightedNo) return true
  if (weightedNo >= required && weightedNo > weightedYes) return false
  // ballots §5, 5
  if (votes === expectedVoters && weightedYes === weightedNo) return livenessCriteriaYes
  return undefined
}
