/**
 * @module core/ballot/safe/quorum/limits
 *
 * Bounds of a scope of finality `quorum` (ballots §8.10, §8.11).
 */

export interface QuorumLimits {
  /** Neither expired nor decided. Default 100. */
  readonly maxOpenPerOwner: number
  /** Of all owners together. Default 10,000. */
  readonly maxOpen: number
  /** Votes held before their proposal. Default 1,000. */
  readonly maxEarlyVotes: number
  /** How far ahead of our clock a proposal may be made. Default 120 s. */
  readonly maxClockSkewSec: number
  /** Decided sessions kept in memory. Default 1,000. */
  readonly maxSettled: number
}

export const DEFAULT_QUORUM_LIMITS: QuorumLimits = {
  maxOpenPerOwner: 100,
  maxOpen: 10_000,
  maxEarlyVotes: 1000,
  maxClockSkewSec: 120,
  maxSettled: 1000,
}
