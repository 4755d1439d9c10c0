/**
 * @module core/ballot/safe/fact-codec
 *
 * Facts of safe ballots as JSON and back: bytes in base64url. Reading trusts the log: what does not fit is a corrupted
 * log, not bad input.
 */

import type { Bytes } from '../../../base/bytes.ts'
import { AssertionError } from '../../../base/errors.ts'
import { fromBase64Url, toBase64Url } from '../../../base/text.ts'
import type { JsonObject, JsonValue } from '../../../ports/event-log.ts'
import type { Outcome } from '../../../wire/ballot/index.ts'
import type { SafeFact } from './session.ts'

export const SAFE_SCHEMA_VERSION = 1

export function safeFactToJson(fact: SafeFact): JsonObject {
  const proposalId = toBase64Url(fact.proposalId)
  switch (fact.type) {
    case 'SafeProposalOpened':
      return { proposalId, proposal: toBase64Url(fact.proposal), roster: rosterToJson(fact.roster) }
    case 'SafeVoteAccepted':
      return { proposalId, owner: toBase64Url(fact.owner), choice: fact.choice, signature: toBase64Url(fact.signature) }
    case 'SafeDecisionReached':
      return { proposalId, choice: fact.choice }
    case 'SafeSessionExpired':
    case 'SafeSessionEvicted':
    case 'SafeSessionDeleted':
      return { proposalId }
    case 'OrderedSessionOpened': {
      const { proposal, roster, position } = fact
      return { proposalId, proposal: toBase64Url(proposal), roster: rosterToJson(roster), position }
    }
    case 'OrderedVoteCounted':
      return { proposalId, owner: toBase64Url(fact.owner), choice: fact.choice, position: fact.position }
    case 'OrderedSessionSettled':
      return { proposalId, outcome: fact.outcome, position: fact.position }
  }
}

export function safeFactFromJson(type: string, json: JsonObject): SafeFact {
  const proposalId = bytesOf('proposalId', json['proposalId'])
  switch (type) {
    case 'SafeProposalOpened':
      return { type, proposalId, proposal: bytesOf('proposal', json['proposal']), roster: rosterOf(json['roster']) }
    case 'SafeVoteAccepted': {
      const choice = flagOf(json['choice'])
      const signature = bytesOf('signature', json['signature'])
      return { type, proposalId, owner: bytesOf('owner', json['owner']), choice, signature }
    }
    case 'SafeDecisionReached':
      return { type, proposalId, choice: flagOf(json['choice']) }
    case 'SafeSessionExpired':
    case 'SafeSessionEvicted':
    case 'SafeSessionDeleted':
      return { type, proposalId }
    default:
      return orderedFactFromJson(type, proposalId, json)
  }
}

function orderedFactFromJson(type: string, proposalId: Bytes, json: JsonObject): SafeFact {
  switch (type) {
    case 'OrderedSessionOpened': {
      const proposal = bytesOf('proposal', json['proposal'])
      return { type, proposalId, proposal, roster: rosterOf(json['roster']), position: positionOf(json) }
    }
    case 'OrderedVoteCounted': {
      const owner = bytesOf('owner', json['owner'])
      return { type, proposalId, owner, choice: flagOf(json['choice']), position: positionOf(json) }
    }
    case 'OrderedSessionSettled':
      return { type, proposalId, outcome: outcomeOf(json['outcome']), position: positionOf(json) }
    default:
      throw new AssertionError(`the log holds a fact of unknown type ${type}; it was written by a newer version`)
  }
}

function rosterToJson(roster: readonly Bytes[] | null): JsonValue {
  return roster?.map(toBase64Url) ?? null
}

function rosterOf(value: JsonValue | undefined): readonly Bytes[] | null {
  return Array.isArray(value) ? value.map((key: JsonValue) => bytesOf('roster', key)) : null
}

function bytesOf(name: string, value: JsonValue | undefined): Bytes {
  if (typeof value !== 'string') throw new AssertionError(`the log holds a fact whose field ${name} is no bytes`)
  return fromBase64Url(value)
}

function flagOf(value: JsonValue | undefined): boolean {
  if (typeof value !== 'boolean') throw new AssertionError('the log holds a fact whose choice is no boolean')
  return value
}

function positionOf({ position }: JsonObject): number {
  if (typeof position !== 'number') throw new AssertionError('the log holds a fact whose position is no number')
  return position
}

function outcomeOf(value: JsonValue | undefined): Outcome {
  if (value === 'yes' || value === 'no' || value === 'failed') return value
  throw new AssertionError('the log holds a fact whose outcome is none')
}
