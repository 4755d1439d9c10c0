/**
 * @module testing/conformance/ballots/format
 *
 * How the vectors write what witan holds: bytes in hex, 64-bit numbers and seconds as decimal strings, configurations as
 * a base and builder calls.
 */

import { WitanError } from '../../../base/errors.ts'
import { fromHex, toHex } from '../../../base/text.ts'
import {
  type ConsensusConfig,
  ConsensusConfigBuilder,
  DecodeError,
  GOSSIPSUB_CONFIG,
  type NetworkType,
  P2P_CONFIG,
  type Proposal,
  type ProposalRequest,
  type ScopeConfig,
  type ScopeConfigBuilder,
  toConsensusConfig,
  type Vote,
} from '../../../core/ballot/index.ts'

const NS_PER_SEC = 1_000_000_000n

export interface ConfigJson {
  readonly networkType: NetworkType
  readonly threshold: number | string
  readonly timeoutSec: string
  readonly livenessCriteriaYes: boolean
  readonly maxRounds: number | null
}

export type Call = readonly [name: string, value?: string | number | boolean | null]

export interface OverrideJson {
  readonly base: 'gossipsub' | 'p2p' | ConfigJson
  readonly calls?: readonly Call[]
}

export interface RequestJson {
  readonly name: string
  readonly payload: string
  readonly proposalOwner: string
  readonly expectedVotersCount: number
  readonly expirationSec: string
  readonly livenessCriteriaYes: boolean
}

/** Whole seconds exactly; a fraction as a number. */
const seconds = (text: string): number | bigint => (text.includes('.') ? Number(text) : BigInt(text))

function secondsText(ns: bigint): string {
  const fraction = String(ns % NS_PER_SEC)
    .padStart(9, '0')
    .replace(/0+$/, '')
  return fraction === '' ? String(ns / NS_PER_SEC) : `${ns / NS_PER_SEC}.${fraction}`
}

export function configJson(config: ScopeConfig | ConsensusConfig | undefined): ConfigJson | null {
  if (config === undefined) return null
  const { networkType, threshold, timeoutNs, livenessCriteriaYes, maxRounds } = config
  return {
    networkType,
    threshold: Number.isFinite(threshold) ? threshold : String(threshold),
    timeoutSec: secondsText(timeoutNs),
    livenessCriteriaYes,
    maxRounds,
  }
}

function configOf({ networkType, threshold, timeoutSec, livenessCriteriaYes, maxRounds }: ConfigJson): ScopeConfig {
  const timeoutNs = BigInt(timeoutSec) * NS_PER_SEC
  return { networkType, threshold: Number(threshold), timeoutNs, livenessCriteriaYes, maxRounds }
}

export function requestOf(json: RequestJson): ProposalRequest {
  return {
    ...json,
    payload: fromHex(json.payload),
    proposalOwner: fromHex(json.proposalOwner),
    expirationSec: BigInt(json.expirationSec),
  }
}

type Settings<Builder> = Readonly<Record<string, (builder: Builder, value: Call[1]) => Builder>>

const SCOPE_SETTINGS: Settings<ScopeConfigBuilder<unknown>> = {
  withNetworkType: (builder, value) => builder.withNetworkType(value as NetworkType),
  withNetworkDefaults: (builder, value) => builder.withNetworkDefaults(value as NetworkType),
  withThreshold: (builder, value) => builder.withThreshold(Number(value)),
  withTimeout: (builder, value) => builder.withTimeout(seconds(String(value))),
  withLivenessCriteria: (builder, value) => builder.withLivenessCriteria(value === true),
  withMaxRounds: (builder, value) => builder.withMaxRounds(value as number | null),
  strictConsensus: (builder) => builder.strictConsensus(),
  fastConsensus: (builder) => builder.fastConsensus(),
  gossipsubPreset: (builder) => builder.gossipsubPreset(),
  p2pPreset: (builder) => builder.p2pPreset(),
}

const OVERRIDE_SETTINGS: Settings<ConsensusConfigBuilder> = {
  withThreshold: (builder, value) => builder.withThreshold(Number(value)),
  withTimeout: (builder, value) => builder.withTimeout(seconds(String(value))),
  withLivenessCriteria: (builder, value) => builder.withLivenessCriteria(value === true),
}

function settle<Builder>(settings: Settings<Builder>, builder: Builder, calls: readonly Call[] = []): void {
  for (const [name, value] of calls) {
    const set = settings[name]
    if (set === undefined) throw new RangeError(`no builder setting is called ${name}`)
    set(builder, value)
  }
}

export function applyCalls<End>(builder: ScopeConfigBuilder<End>, calls: readonly Call[] | null | undefined): void {
  settle(SCOPE_SETTINGS, builder, calls ?? [])
}

/** The builder calls that make a whole configuration. */
export function callsOf(config: ConfigJson): Call[] {
  return [
    ['withNetworkType', config.networkType],
    ['withThreshold', config.threshold],
    ['withTimeout', config.timeoutSec],
    ['withLivenessCriteria', config.livenessCriteriaYes],
    ['withMaxRounds', config.maxRounds],
  ]
}

export function overrideOf(json: OverrideJson | null | undefined): ConsensusConfig | undefined {
  if (!json) return undefined
  const named = { gossipsub: GOSSIPSUB_CONFIG, p2p: P2P_CONFIG }
  const base = typeof json.base === 'string' ? named[json.base] : toConsensusConfig(configOf(json.base))
  const builder = new ConsensusConfigBuilder(base)
  settle(OVERRIDE_SETTINGS, builder, json.calls)
  return builder.build()
}

export function voteJson(vote: Vote): Readonly<Record<string, unknown>> {
  const { voteOwner, timestamp, parentHash, receivedHash, voteHash, signature } = vote
  return {
    ...vote,
    voteOwner: toHex(voteOwner),
    timestamp: String(timestamp),
    parentHash: toHex(parentHash),
    receivedHash: toHex(receivedHash),
    voteHash: toHex(voteHash),
    signature: toHex(signature),
  }
}

export function proposalJson(proposal: Proposal): Readonly<Record<string, unknown>> {
  const { payload, proposalOwner, votes, timestamp, expirationTimestamp } = proposal
  return {
    ...proposal,
    payload: toHex(payload),
    proposalOwner: toHex(proposalOwner),
    votes: votes.map(voteJson),
    timestamp: String(timestamp),
    expirationTimestamp: String(expirationTimestamp),
  }
}

export type Answer = { readonly ok: unknown } | { readonly error: string }

/** An answer, or the code of its refusal; what is no refusal is thrown on. */
export async function attempt(operation: () => unknown): Promise<Answer> {
  try {
    return { ok: await operation() }
  } catch (error) {
    if (error instanceof DecodeError) return { error: 'DecodeError' }
    if (error instanceof WitanError) return { error: error.code }
    throw error
  }
}

/** As the vectors write an answer that has no content. */
export function outcomeOf(answer: Answer): string {
  return 'error' in answer ? answer.error : 'ok'
}
