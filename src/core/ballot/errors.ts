/**
 * @module core/ballot/errors
 *
 * Every refusal of the ballots protocol, spelled as the specification spells it (ballots §7), with what a caller needs
 * to act on it.
 */

import { WitanError } from '../../base/errors.ts'

interface About {
  readonly scope: string
  readonly proposalId: number
}

export type BallotErrorData =
  | { readonly code: 'InvalidConsensusThreshold'; readonly threshold: number }
  | { readonly code: 'InvalidTimeout'; readonly timeoutNs: bigint }
  | { readonly code: 'InvalidExpectedVotersCount'; readonly expectedVotersCount: number }
  | { readonly code: 'InvalidMaxRounds'; readonly maxRounds: number }
  | { readonly code: 'EmptyVoteOwner' | 'EmptyVoteHash' | 'EmptySignature'; readonly voteId: number }
  | { readonly code: 'InvalidVoteHash' | 'InvalidVoteSignature'; readonly voteId: number }
  | { readonly code: 'SignatureScheme'; readonly scheme: string; readonly voteId: number }
  | {
      readonly code: 'TimestampOlderThanCreationTime' | 'VoteExpired'
      readonly voteId: number
      readonly timestampSec: bigint
      readonly limitSec: bigint
    }
  | {
      readonly code: 'ProposalExpired'
      readonly proposalId: number
      readonly expirationSec: bigint
      readonly nowSec: bigint
    }
  | { readonly code: 'VoteProposalIdMismatch'; readonly expected: number; readonly actual: number }
  | { readonly code: 'ReceivedHashMismatch' | 'ParentHashMismatch'; readonly voteId: number }
  | { readonly code: 'DuplicateVote'; readonly proposalId: number; readonly voteOwner: Uint8Array }
  | { readonly code: 'UserAlreadyVoted'; readonly proposalId: number; readonly voteOwner: Uint8Array }
  | { readonly code: 'MaxRoundsExceeded'; readonly proposalId: number; readonly limit: number }
  | { readonly code: 'InsufficientVotesAtTimeout'; readonly proposalId: number; readonly votes: number }
  | ({ readonly code: 'SessionNotActive' | 'SessionNotFound' | 'ProposalAlreadyExist' } & About)
  | ({ readonly code: 'ConsensusNotReached' | 'ConsensusFailed' } & About)
  /** Reserved by the reference; never returned. */
  | { readonly code: 'InvalidVoteTimestamp' | 'ScopeNotFound' }

export type BallotErrorCode = BallotErrorData['code']

export class BallotError extends WitanError<BallotErrorData> {}

/** The refusal with its sentence. */
export function refuse(data: BallotErrorData): BallotError {
  return new BallotError(data, sentenceOf(data))
}

function sentenceOf(data: BallotErrorData): string {
  switch (data.code) {
    case 'InvalidConsensusThreshold':
      return `the threshold is ${data.threshold}; it must be from 0 to 1`
    case 'InvalidTimeout':
      return `the timeout is ${data.timeoutNs} ns; it must be more than 0`
    case 'InvalidExpectedVotersCount':
      return `expectedVotersCount is ${data.expectedVotersCount}; it must be a whole number from 1 to 2^32 - 1`
    case 'InvalidMaxRounds':
      return `maxRounds is ${data.maxRounds}; it must be a whole number below 2^32, and with the network type gossipsub at least 1`
    case 'EmptyVoteOwner':
    case 'EmptyVoteHash':
    case 'EmptySignature':
      return `vote ${data.voteId} has no ${{ EmptyVoteOwner: 'owner', EmptyVoteHash: 'hash', EmptySignature: 'signature' }[data.code]}`
    case 'InvalidVoteHash':
      return `the hash of vote ${data.voteId} is not that of its content`
    case 'InvalidVoteSignature':
      return `the signature of vote ${data.voteId} does not verify`
    case 'SignatureScheme':
      return `the owner or signature of vote ${data.voteId} cannot be one of the scheme ${data.scheme}`
    case 'TimestampOlderThanCreationTime':
      return `vote ${data.voteId} is of ${data.timestampSec} s, before its proposal (${data.limitSec} s)`
    case 'VoteExpired':
      return `vote ${data.voteId} at ${data.timestampSec} s is after the expiration of its proposal (${data.limitSec} s)`
    case 'ProposalExpired':
      return `proposal ${data.proposalId} expired at ${data.expirationSec} s; it is ${data.nowSec} s`
    case 'VoteProposalIdMismatch':
      return `a vote for proposal ${data.actual} stands in proposal ${data.expected}`
    case 'ReceivedHashMismatch':
      return `vote ${data.voteId} does not follow the vote before it in the list`
    case 'ParentHashMismatch':
      return `vote ${data.voteId} names a parent that is no earlier vote of its owner`
    case 'DuplicateVote':
      return `this owner has voted on proposal ${data.proposalId} already`
    case 'UserAlreadyVoted':
      return `we have voted on proposal ${data.proposalId} already`
    case 'MaxRoundsExceeded':
      return `proposal ${data.proposalId} takes no more votes (limit ${data.limit})`
    case 'InsufficientVotesAtTimeout':
      return `the timeout of proposal ${data.proposalId} passed with ${data.votes} votes: no decision`
    case 'SessionNotActive':
      return `proposal ${data.proposalId} of scope ${JSON.stringify(data.scope)} has failed and takes no votes`
    case 'SessionNotFound':
      return `no proposal ${data.proposalId} in scope ${JSON.stringify(data.scope)}`
    case 'ProposalAlreadyExist':
      return `proposal ${data.proposalId} is in scope ${JSON.stringify(data.scope)} already`
    case 'ConsensusNotReached':
      return `proposal ${data.proposalId} of scope ${JSON.stringify(data.scope)} is not decided yet`
    case 'ConsensusFailed':
      return `proposal ${data.proposalId} of scope ${JSON.stringify(data.scope)} has failed: its timeout passed without a decision`
    case 'InvalidVoteTimestamp':
    case 'ScopeNotFound':
      return 'reserved'
  }
}
