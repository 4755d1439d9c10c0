/**
 * @module core/ballot/scope-builder
 *
 * The settings of a scope, one by one or as presets (ballots §6). Nothing is checked before the end: a refused
 * configuration changes nothing.
 */

import {
  type ConsensusConfig,
  checkScopeConfig,
  checkThreshold,
  checkTimeout,
  DEFAULT_SCOPE_CONFIG,
  type NetworkType,
  type ScopeConfig,
  secondsToNs,
} from './config.ts'

const STRICT_THRESHOLD = 0.9
const FAST_THRESHOLD = 0.6
const FAST_TIMEOUT_SEC = 30

export class ScopeConfigBuilder<End = ScopeConfig> {
  #config: ScopeConfig
  readonly #end: (config: ScopeConfig, how: 'initialize' | 'update') => End

  /** `end` gets the checked configuration. */
  constructor(stored: ScopeConfig | undefined, end: (config: ScopeConfig, how: 'initialize' | 'update') => End) {
    this.#config = stored ?? DEFAULT_SCOPE_CONFIG
    this.#end = end
  }

  withNetworkType(networkType: NetworkType): this {
    return this.#with({ networkType })
  }

  /** Share of the expected voters, 0 to 1. */
  withThreshold(threshold: number): this {
    return this.#with({ threshold })
  }

  /** Seconds; a fraction is kept to the nanosecond. */
  withTimeout(timeoutSec: number | bigint): this {
    return this.#with({ timeoutNs: secondsToNs(timeoutSec) })
  }

  withTimeoutNs(timeoutNs: bigint): this {
    return this.#with({ timeoutNs })
  }

  withLivenessCriteria(livenessCriteriaYes: boolean): this {
    return this.#with({ livenessCriteriaYes })
  }

  /** `null`: the default of the network type. */
  withMaxRounds(maxRounds: number | null): this {
    return this.#with({ maxRounds })
  }

  strictConsensus(): this {
    return this.#with({ threshold: STRICT_THRESHOLD })
  }

  fastConsensus(): this {
    return this.#with({ threshold: FAST_THRESHOLD, timeoutNs: secondsToNs(FAST_TIMEOUT_SEC) })
  }

  gossipsubPreset(): this {
    return this.#with(DEFAULT_SCOPE_CONFIG)
  }

  p2pPreset(): this {
    return this.#with({ ...DEFAULT_SCOPE_CONFIG, networkType: 'p2p' })
  }

  /** Type, threshold and timeout; liveness and rounds stay. */
  withNetworkDefaults(networkType: NetworkType): this {
    const { threshold, timeoutNs } = DEFAULT_SCOPE_CONFIG
    return this.#with({ networkType, threshold, timeoutNs })
  }

  /** What has been set so far, unchecked. */
  getConfig(): ScopeConfig {
    return this.#config
  }

  initialize(): End {
    checkScopeConfig(this.#config)
    return this.#end(this.#config, 'initialize')
  }

  update(): End {
    checkScopeConfig(this.#config)
    return this.#end(this.#config, 'update')
  }

  #with(change: Partial<ScopeConfig>): this {
    this.#config = { ...this.#config, ...change }
    return this
  }
}

/** An explicit configuration of one proposal, from `base`. Each setting is checked when it is made. */
export class ConsensusConfigBuilder {
  #config: ConsensusConfig

  constructor(base: ConsensusConfig) {
    this.#config = base
  }

  withThreshold(threshold: number): this {
    checkThreshold(threshold)
    this.#config = { ...this.#config, threshold }
    return this
  }

  /** Seconds; a fraction is kept to the nanosecond. */
  withTimeout(timeoutSec: number | bigint): this {
    const timeoutNs = secondsToNs(timeoutSec)
    checkTimeout(timeoutNs)
    this.#config = { ...this.#config, timeoutNs }
    return this
  }

  withLivenessCriteria(livenessCriteriaYes: boolean): this {
    this.#config = { ...this.#config, livenessCriteriaYes }
    return this
  }

  build(): ConsensusConfig {
    return this.#config
  }
}
