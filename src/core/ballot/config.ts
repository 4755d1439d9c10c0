/**
 * @module core/ballot/config
 *
 * Settings of a scope and of a proposal (ballots §6). A scope's maximum of rounds may be unset; a proposal's is a number,
 * 0 meaning that it is derived. Times are nanoseconds, exact.
 */

import { refuse } from './errors.ts'

export type NetworkType = 'gossipsub' | 'p2p'

export interface ConsensusConfig {
  readonly networkType: NetworkType
  /** Share of the expected voters, 0 to 1. */
  readonly threshold: number
  readonly timeoutNs: bigint
  readonly livenessCriteriaYes: boolean
  readonly maxRounds: number
}

export interface ScopeConfig extends Omit<ConsensusConfig, 'maxRounds'> {
  /** `null`: the default of the network type. */
  readonly maxRounds: number | null
}

export const NS_PER_SEC = 1_000_000_000n
/** What is no finite number becomes 0, which every check refuses. */
export function secondsToNs(seconds: number | bigint): bigint {
  if (typeof seconds === 'bigint') return seconds * NS_PER_SEC
  return Number.isFinite(seconds) ? BigInt(Math.round(seconds * 1e9)) : 0n
}

const DEFAULT_THRESHOLD = 2 / 3
const DEFAULT_TIMEOUT_NS = 60n * NS_PER_SEC
const DEFAULT_GOSSIPSUB_ROUNDS = 2

export const DEFAULT_SCOPE_CONFIG: ScopeConfig = Object.freeze({
  networkType: 'gossipsub',
  threshold: DEFAULT_THRESHOLD,
  timeoutNs: DEFAULT_TIMEOUT_NS,
  livenessCriteriaYes: true,
  maxRounds: null,
})

/** 0 for p2p: the limit is derived from the number of voters (ballots §4). */
export function resolveMaxRounds(config: ScopeConfig): number {
  return config.maxRounds ?? (config.networkType === 'gossipsub' ? DEFAULT_GOSSIPSUB_ROUNDS : 0)
}

export function toConsensusConfig(config: ScopeConfig | ConsensusConfig): ConsensusConfig {
  return { ...config, maxRounds: resolveMaxRounds(config) }
}

export const GOSSIPSUB_CONFIG: ConsensusConfig = Object.freeze(toConsensusConfig(DEFAULT_SCOPE_CONFIG))
export const P2P_CONFIG: ConsensusConfig = Object.freeze(
  toConsensusConfig({ ...DEFAULT_SCOPE_CONFIG, networkType: 'p2p' }),
)

/** What fits the messages: a whole number of 32 bits. */
export function isCount(value: number): boolean {
  return value >>> 0 === value
}

export function checkThreshold(threshold: number): void {
  if (!(threshold >= 0 && threshold <= 1)) throw refuse({ code: 'InvalidConsensusThreshold', threshold })
}

export function checkTimeout(timeoutNs: bigint): void {
  if (timeoutNs <= 0n) throw refuse({ code: 'InvalidTimeout', timeoutNs })
}

/** A scope's settings, in this order (ballots §6). */
export function checkScopeConfig(config: ScopeConfig): void {
  checkThreshold(config.threshold)
  checkTimeout(config.timeoutNs)
  const { maxRounds } = config
  const least = config.networkType === 'gossipsub' ? 1 : 0
  if (maxRounds !== null && !(isCount(maxRounds) && maxRounds >= least)) {
    throw refuse({ code: 'InvalidMaxRounds', maxRounds })
  }
}

/** What a proposal says itself, and what its creator may override (ballots §6). */
export interface ProposalTerms {
  readonly timestamp: bigint
  readonly expirationTimestamp: bigint
  readonly livenessCriteriaYes: boolean
}

/** The settings that hold for a proposal: an override, else the scope's, else the default; then its own fields. */
export function resolveConfig(
  terms: ProposalTerms,
  scope: ScopeConfig | undefined,
  override: ConsensusConfig | undefined,
): ConsensusConfig {
  const base = override ?? toConsensusConfig(scope ?? DEFAULT_SCOPE_CONFIG)
  const lifetimeSec = terms.expirationTimestamp - terms.timestamp
  const timeoutNs = override === undefined && lifetimeSec > 0n ? lifetimeSec * NS_PER_SEC : base.timeoutNs
  return { ...base, timeoutNs, livenessCriteriaYes: terms.livenessCriteriaYes }
}
