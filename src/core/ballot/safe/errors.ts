/**
 * @module core/ballot/safe/errors
 *
 * Every refusal of the policy `safe` (ballots §8), with what a caller needs to act on it. Ids and keys are hex.
 */

import { WitanError } from '../../../base/errors.ts'
import type { Finality } from '../../../wire/ballot/index.ts'

export type SafeBallotErrorData =
  /** Neither in the roster nor, as an owner, a proposer that the scope names. */
  | { readonly code: 'VoterNotEligible'; readonly owner: string; readonly proposalId: string }
  | { readonly code: 'InvalidProposalSignature'; readonly proposalId: string }
  | { readonly code: 'InvalidVoteSignature'; readonly proposalId: string; readonly owner: string }
  | { readonly code: 'ProposalTooLarge'; readonly what: string; readonly bytes: number; readonly maxBytes: number }
  | {
      readonly code: 'ClockSkewTooLarge'
      readonly createdSec: number
      readonly nowSec: number
      readonly maxSec: number
    }
  | { readonly code: 'TooManyOpenProposals'; readonly owner: string; readonly limit: number }
  | { readonly code: 'NotDecided'; readonly proposalId: string }
  | { readonly code: 'NotSettled'; readonly proposalId: string }
  | { readonly code: 'SessionNotFound'; readonly proposalId: string }
  /** `ordered`: a vote would be void. */
  | { readonly code: 'SessionNotActive'; readonly proposalId: string }
  /** Its facts are in the log only: load them, then ask again. */
  | { readonly code: 'SessionUnloaded'; readonly proposalId: string }
  /** We signed the other choice: we never equivocate. */
  | { readonly code: 'UserAlreadyVoted'; readonly proposalId: string; readonly owner: string }
  | { readonly code: 'InvalidRoster'; readonly why: string }
  /** The roster is that of a position that we have not reached. */
  | { readonly code: 'RosterUnknown'; readonly position: number }
  | { readonly code: 'InvalidConsensusThreshold'; readonly threshold: number }
  | { readonly code: 'InvalidTimeout'; readonly createdSec: number; readonly expirySec: number }
  | { readonly code: 'InvalidProposal'; readonly why: string }
  /** Made for another scope or group. */
  | { readonly code: 'ForeignProposal'; readonly proposalId: string; readonly scope: string }
  | { readonly code: 'WrongFinality'; readonly proposalId: string; readonly expected: Finality }
  /** The block stands before the proposal's `fromPosition`. */
  | { readonly code: 'OrderedTooEarly'; readonly proposalId: string; readonly position: number }
  /** An earlier block may have opened it, or ended it, and is not here: this peer started from a checkpoint after the proposal's `fromPosition`. */
  | { readonly code: 'OrderUnknown'; readonly proposalId: string; readonly fromPosition: number }
  /** An owner's fault, as a notice of evidence names it: both choices are signed. */
  | { readonly code: 'Equivocation'; readonly owner: string; readonly proposalId: string }
  | { readonly code: 'InvalidCertificate'; readonly why: string }

export type SafeBallotErrorCode = SafeBallotErrorData['code']

export class SafeBallotError extends WitanError<SafeBallotErrorData> {}

/** The refusal with its sentence. */
export function refuseSafe(data: SafeBallotErrorData, options?: ErrorOptions): SafeBallotError {
  return new SafeBallotError(data, sentenceOf(data), options)
}

function sentenceOf(data: SafeBallotErrorData): string {
  switch (data.code) {
    case 'VoterNotEligible':
      return `${data.owner} has no part in proposal ${data.proposalId}`
    case 'InvalidProposalSignature':
      return `the signature of proposal ${data.proposalId} does not verify`
    case 'InvalidVoteSignature':
      return `the signature of ${data.owner} for proposal ${data.proposalId} does not verify`
    case 'ProposalTooLarge':
      return `${data.what} has ${data.bytes} bytes; ${data.maxBytes} are allowed`
    case 'ClockSkewTooLarge':
      return `the proposal is of ${data.createdSec} s, more than ${data.maxSec} s after now (${data.nowSec} s)`
    case 'TooManyOpenProposals':
      return `${data.owner} has ${data.limit} open proposals already`
    case 'NotDecided':
      return `proposal ${data.proposalId} is not decided`
    case 'NotSettled':
      return `proposal ${data.proposalId} is not settled and cannot be evicted`
    case 'SessionNotFound':
      return `no proposal ${data.proposalId} in this scope`
    case 'SessionNotActive':
      return `proposal ${data.proposalId} is settled and takes no votes`
    case 'SessionUnloaded':
      return `proposal ${data.proposalId} is in the log only; load it first`
    case 'UserAlreadyVoted':
      return `${data.owner} has voted the other way on proposal ${data.proposalId}`
    case 'InvalidRoster':
      return `no roster: ${data.why}`
    case 'RosterUnknown':
      return `the voters before position ${data.position} are not known yet`
    case 'InvalidConsensusThreshold':
      return `the threshold is ${data.threshold}; it must be from 0 to 1`
    case 'InvalidTimeout':
      return `the proposal would expire at ${data.expirySec} s, not after its creation at ${data.createdSec} s`
    case 'InvalidProposal':
      return `no proposal: ${data.why}`
    case 'ForeignProposal':
      return `proposal ${data.proposalId} is of another group or of scope ${JSON.stringify(data.scope)}`
    case 'WrongFinality':
      return `proposal ${data.proposalId} has not the finality of its scope, ${data.expected}`
    case 'OrderedTooEarly':
      return `proposal ${data.proposalId} does not open at position ${data.position}`
    case 'OrderUnknown':
      return `proposal ${data.proposalId} is of position ${data.fromPosition}, from where on this peer does not have every block: ask a peer that has them`
    case 'Equivocation':
      return `${data.owner} signed both choices of proposal ${data.proposalId}`
    case 'InvalidCertificate':
      return `the certificate proves nothing: ${data.why}`
  }
}
