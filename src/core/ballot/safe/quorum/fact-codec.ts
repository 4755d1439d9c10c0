/**
 * @module core/ballot/safe/quorum/fact-codec
 *
 * Facts of finality `quorum` as JSON and back: bytes in base64url. Reading trusts the log: what does not fit is a
 * corrupted log, not bad input.
 */

import type { Bytes } from '../../../../base/bytes.ts'
import { AssertionError } from '../../../../base/errors.ts'
import { fromBase64Url, toBase64Url } from '../../../../base/text.ts'
import type { JsonObject, JsonValue } from '../../../../ports/event-log.ts'
import type { QuorumFact } from './facts.ts'

export const QUORUM_SCHEMA_VERSION = 1

export function quorumFactToJson(fact: QuorumFact): JsonObject {
  const proposalId = toBase64Url(fact.proposalId)
  switch (fact.type) {
    case 'SafeProposalOpened':
      return { proposalId, proposal: toBase64Url(fact.proposal), roster: fact.roster?.map(toBase64Url) ?? null }
    case 'SafeVoteAccepted':
      return { proposalId, owner: toBase64Url(fact.owner), choice: fact.choice, signature: toBase64Url(fact.signature) }
    case 'SafeDecisionReached':
      return { proposalId, choice: fact.choice }
    case 'SafeSessionExpired':
    case 'SafeSessionEvicted':
      return { proposalId }
  }
}

export function quorumFactFromJson(type: string, json: JsonObject): QuorumFact {
  const proposalId = bytesOf('proposalId', json['proposalId'])
  switch (type) {
    case 'SafeProposalOpened': {
      const { roster = null } = json
      const keys = Array.isArray(roster) ? roster.map((key: JsonValue) => bytesOf('roster', key)) : null
      return { type, proposalId, proposal: bytesOf('proposal', json['proposal']), roster: keys }
    }
    case 'SafeVoteAccepted': {
      const choice = flagOf(json['choice'])
      const signature = bytesOf('signature', json['signature'])
      return { type, proposalId, owner: bytesOf('owner', json['owner']), choice, signature }
    }
    case 'SafeDecisionReached':
      return { type, proposalId, choice: flagOf(json['choice']) }
    case 'SafeSessionExpired':
    case 'SafeSessionEvicted':
      return { type, proposalId }
    default:
      throw new AssertionError(`the log holds a fact of unknown type ${type}; it was written by a newer version`)
  }
}

function bytesOf(name: string, value: JsonValue | undefined): Bytes {
  if (typeof value !== 'string') throw new AssertionError(`the log holds a fact whose field ${name} is no bytes`)
  return fromBase64Url(value)
}

function flagOf(value: JsonValue | undefined): boolean {
  if (typeof value !== 'boolean') throw new AssertionError('the log holds a fact whose choice is no boolean')
  return value
}
