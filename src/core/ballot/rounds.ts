/**
 * @module core/ballot/rounds
 *
 * How many votes a session takes (ballots §4).
 */

import type { ConsensusConfig } from './config.ts'
import { thresholdVotes } from './tally.ts'

/** The round of a session that holds so many votes. */
export function roundAt(votes: number, config: ConsensusConfig): number {
  if (config.networkType === 'p2p') return 1 + votes
  return votes === 0 ? 1 : 2
}

/** `undefined`, or the limit that this number of votes would break. */
export function brokenRoundLimit(votes: number, expectedVoters: number, config: ConsensusConfig): number | undefined {
  if (votes === 0) return undefined
  if (expectedVoters === 0) return 0
  if (config.networkType === 'gossipsub') {
    // ballots §4: the proposal is round 1, all votes are round 2.
    return config.maxRounds < 2 ? config.maxRounds : undefined
  }
  const limit = config.maxRounds === 0 ? thresholdVotes(expectedVoters, config.threshold) : config.maxRounds
  return votes > limit ? limit : undefined
}
