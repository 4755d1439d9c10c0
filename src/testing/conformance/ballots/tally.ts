/**
 * @module testing/conformance/ballots/tally
 *
 * `tally.json`: results and quorums as functions of counts (ballots §5).
 */

import { calculateConsensusResult, hasSufficientVotes, requiredVotes } from '../../../core/ballot/index.ts'
import { Comparison, type Runner } from '../verdict.ts'

interface Tally {
  readonly results: readonly (readonly [
    expectedVoters: number,
    yes: number,
    no: number,
    threshold: number,
    livenessCriteriaYes: boolean,
    isTimeout: boolean,
    result: boolean | null,
  ])[]
  readonly sufficient: readonly (readonly [total: number, expectedVoters: number, threshold: number, is: boolean])[]
  readonly required: readonly (readonly [expectedVoters: number, threshold: number, required: number])[]
}

/** From here on the reference's `2n` wraps at 32 bits. */
const WRAPS_AT = 2 ** 31
const EXACT = 'ballots §5: two thirds of 2^31 voters or more are computed exactly'
const isTwoThirds = (threshold: number): boolean => Math.abs(threshold - 2 / 3) < 2 ** -52

export const tallyRunner: Runner = {
  kind: 'ballot tally',
  recognizes: (json) => Array.isArray(json['resultColumns']) && Array.isArray(json['requiredColumns']),
  run(json) {
    const { results, sufficient, required } = json as object as Tally
    const comparison = new Comparison()
    const compare = (expectedVoters: number, threshold: number, row: readonly unknown[], actual: unknown): void => {
      const expected = row.at(-1)
      if (expectedVoters >= WRAPS_AT && isTwoThirds(threshold) && actual !== expected)
        comparison.differsOnPurpose(EXACT)
      else comparison.expect(`row ${JSON.stringify(row)}`, actual, expected)
    }
    for (const row of results) {
      const [expectedVoters, yes, no, threshold, livenessCriteriaYes, isTimeout] = row
      const counts = { expectedVoters, yes, no, threshold, livenessCriteriaYes, isTimeout }
      compare(expectedVoters, threshold, row, calculateConsensusResult(counts) ?? null)
    }
    for (const row of sufficient) {
      const [total, expectedVoters, threshold] = row
      compare(expectedVoters, threshold, row, hasSufficientVotes(total, expectedVoters, threshold))
    }
    for (const row of required) {
      const [expectedVoters, threshold] = row
      compare(expectedVoters, threshold, row, requiredVotes(expectedVoters, threshold))
    }
    return comparison.verdict()
  },
}
