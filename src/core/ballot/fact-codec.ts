/**
 * @module core/ballot/fact-codec
 *
 * Facts of ballots as JSON and back: bytes in base64url, 64-bit numbers as decimal strings, so that EventStoreDB's own
 * interface shows them. Reading trusts the log: what does not fit is a corrupted log, not bad input.
 */

import { AssertionError } from '../../base/errors.ts'
import { fromBase64Url, toBase64Url } from '../../base/text.ts'
import type { JsonObject, JsonValue } from '../../ports/event-log.ts'
import type { Proposal, Vote } from '../../wire/protobuf/index.ts'
import type { ConsensusConfig, NetworkType, ScopeConfig } from './config.ts'
import type { BallotFact } from './facts.ts'
import { settingsFromJson, settingsToJson } from './safe/settings.ts'

export const BALLOT_SCHEMA_VERSION = 1

export function ballotFactToJson(fact: BallotFact): JsonObject {
  const nowSec = String(fact.nowSec)
  switch (fact.type) {
    case 'ProposalCreated':
    case 'ProposalReceived':
      return {
        scope: fact.scope,
        proposal: proposalToJson(fact.proposal),
        config: configToJson(fact.config),
        deadlineSec: String(fact.deadlineSec),
        nowSec,
      }
    case 'VoteAccepted':
    case 'VoteCast':
    case 'LateVoteCast':
      return { vote: voteToJson(fact.vote), nowSec }
    case 'ConsensusReached':
      return { result: fact.result, nowSec }
    case 'RoundLimitReached':
      return { limit: fact.limit, nowSec }
    case 'ScopeConfigured':
      return { config: configToJson(fact.config), nowSec }
    case 'SafeScopeConfigured':
      return { settings: settingsToJson(fact.settings), nowSec }
    case 'DeadlinePassed':
    case 'ConsensusFailed':
    case 'SessionEvicted':
    case 'SessionDeleted':
    case 'ScopeDeletionBegun':
    case 'ScopeDeleted':
      return { nowSec }
  }
}

export function ballotFactFromJson(type: string, json: JsonObject): BallotFact {
  const data = new Fields(json)
  const nowSec = data.big('nowSec')
  switch (type) {
    case 'ProposalCreated':
    case 'ProposalReceived':
      return {
        type,
        scope: data.text('scope'),
        proposal: proposalFromJson(data.object('proposal')),
        config: consensusConfigFromJson(data.object('config')),
        deadlineSec: data.big('deadlineSec'),
        nowSec,
      }
    case 'VoteAccepted':
    case 'VoteCast':
    case 'LateVoteCast':
      return { type, vote: voteFromJson(data.object('vote')), nowSec }
    case 'ConsensusReached':
      return { type, result: data.flag('result'), nowSec }
    case 'RoundLimitReached':
      return { type, limit: data.number('limit'), nowSec }
    case 'ScopeConfigured':
      return { type, config: scopeConfigFromJson(data.object('config')), nowSec }
    case 'SafeScopeConfigured':
      return { type, settings: settingsFromJson(data.object('settings').json), nowSec }
    case 'DeadlinePassed':
    case 'ConsensusFailed':
    case 'SessionEvicted':
    case 'SessionDeleted':
    case 'ScopeDeletionBegun':
    case 'ScopeDeleted':
      return { type, nowSec }
    default:
      throw new AssertionError(`the log holds a fact of unknown type ${type}; it was written by a newer version`)
  }
}

function voteToJson(vote: Vote): JsonObject {
  return {
    voteId: vote.voteId,
    voteOwner: toBase64Url(vote.voteOwner),
    proposalId: vote.proposalId,
    timestamp: String(vote.timestamp),
    vote: vote.vote,
    parentHash: toBase64Url(vote.parentHash),
    receivedHash: toBase64Url(vote.receivedHash),
    voteHash: toBase64Url(vote.voteHash),
    signature: toBase64Url(vote.signature),
  }
}

function voteFromJson(data: Fields): Vote {
  return {
    voteId: data.number('voteId'),
    voteOwner: data.bytes('voteOwner'),
    proposalId: data.number('proposalId'),
    timestamp: data.big('timestamp'),
    vote: data.flag('vote'),
    parentHash: data.bytes('parentHash'),
    receivedHash: data.bytes('receivedHash'),
    voteHash: data.bytes('voteHash'),
    signature: data.bytes('signature'),
  }
}

function proposalToJson(proposal: Proposal): JsonObject {
  return {
    name: proposal.name,
    payload: toBase64Url(proposal.payload),
    proposalId: proposal.proposalId,
    proposalOwner: toBase64Url(proposal.proposalOwner),
    votes: proposal.votes.map(voteToJson),
    expectedVotersCount: proposal.expectedVotersCount,
    round: proposal.round,
    timestamp: String(proposal.timestamp),
    expirationTimestamp: String(proposal.expirationTimestamp),
    livenessCriteriaYes: proposal.livenessCriteriaYes,
  }
}

function proposalFromJson(data: Fields): Proposal {
  return {
    name: data.text('name'),
    payload: data.bytes('payload'),
    proposalId: data.number('proposalId'),
    proposalOwner: data.bytes('proposalOwner'),
    votes: data.list('votes').map(voteFromJson),
    expectedVotersCount: data.number('expectedVotersCount'),
    round: data.number('round'),
    timestamp: data.big('timestamp'),
    expirationTimestamp: data.big('expirationTimestamp'),
    livenessCriteriaYes: data.flag('livenessCriteriaYes'),
  }
}

function configToJson(config: ConsensusConfig | ScopeConfig): JsonObject {
  const { networkType, timeoutNs, livenessCriteriaYes, maxRounds } = config
  // An override may hold anything; JSON has no infinities.
  const threshold = Number.isFinite(config.threshold) ? config.threshold : String(config.threshold)
  return { networkType, threshold, timeoutNs: String(timeoutNs), livenessCriteriaYes, maxRounds }
}

function scopeConfigFromJson(data: Fields): ScopeConfig {
  return {
    networkType: data.text('networkType') as NetworkType,
    threshold: Number(data.value('threshold')),
    timeoutNs: data.big('timeoutNs'),
    livenessCriteriaYes: data.flag('livenessCriteriaYes'),
    maxRounds: data.value('maxRounds') === null ? null : data.number('maxRounds'),
  }
}

function consensusConfigFromJson(data: Fields): ConsensusConfig {
  return { ...scopeConfigFromJson(data), maxRounds: data.number('maxRounds') }
}

/** Typed access to a JSON object; a field of another type is a broken log. */
class Fields {
  readonly #json: JsonObject

  constructor(json: JsonObject) {
    this.#json = json
  }

  get json(): JsonObject {
    return this.#json
  }

  value(name: string): JsonValue | undefined {
    return this.#json[name]
  }

  text(name: string): string {
    const value = this.#json[name]
    return typeof value === 'string' ? value : misfit(name, value)
  }

  number(name: string): number {
    const value = this.#json[name]
    return typeof value === 'number' ? value : misfit(name, value)
  }

  flag(name: string): boolean {
    const value = this.#json[name]
    return typeof value === 'boolean' ? value : misfit(name, value)
  }

  big(name: string): bigint {
    return BigInt(this.text(name))
  }

  bytes(name: string): Uint8Array {
    return fromBase64Url(this.text(name))
  }

  object(name: string): Fields {
    return new Fields(asObject(name, this.#json[name]))
  }

  list(name: string): Fields[] {
    const value = this.#json[name]
    return Array.isArray(value)
      ? value.map((item) => new Fields(asObject(name, item as JsonValue)))
      : misfit(name, value)
  }
}

function asObject(name: string, value: JsonValue | undefined): JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
    ? (value as JsonObject)
    : misfit(name, value)
}

function misfit(name: string, value: JsonValue | undefined): never {
  throw new AssertionError(`the log holds a fact whose field ${name} is ${JSON.stringify(value)}`)
}
