/**
 * @module core/ballot/safe/ordered/duties
 *
 * What a peer of the group puts into the order for its ballots (ballots §8.4): proposals, votes, and Close when its clock
 * passes a deadline. Each is a payload to vote for; its effect comes with its block.
 */

import type { Bytes } from '../../../../base/bytes.ts'
import { toHex } from '../../../../base/text.ts'
import type { Signer } from '../../../../ports/signature-scheme.ts'
import { encodeSafeVote, type SafeVote, type SignedProposal } from '../../../../wire/ballot/index.ts'
import { encodePayload } from '../../../../wire/payload.ts'
import { refuseSafe } from '../errors.ts'
import { signVote } from '../propose.ts'
import type { BallotVerifier } from '../verifier.ts'
import type { OrderedFold } from './fold.ts'
import type { OwnVotes } from './own-votes.ts'
import type { OrderedSession } from './session.ts'

export const DEFAULT_MAX_OPEN_PER_OWNER = 100

/**
 * The payload of a proposal, ours or an external owner's. The bound on open proposals is kept here, by those who carry
 * them, and not by the fold: a certificate must not depend on blocks before it.
 */
export function proposalPayload(
  fold: OrderedFold,
  signed: SignedProposal,
  limit: number = DEFAULT_MAX_OPEN_PER_OWNER,
): Bytes {
  fold.checkWhole(signed)
  const owner = toHex(signed.proposal.owner)
  const open = fold
    .sessions()
    .filter((session) => session.outcome === null && toHex(session.signed.proposal.owner) === owner)
  // ballots §8.10
  if (open.length >= limit) throw refuseSafe({ code: 'TooManyOpenProposals', owner, limit })
  return encodePayload('ballotProposal', signed.bytes)
}

export interface VotePayload {
  readonly vote: SafeVote
  readonly payload: Bytes
}

function votePayload(vote: SafeVote): VotePayload {
  return { vote, payload: encodePayload('ballotVote', encodeSafeVote(vote)) }
}

/**
 * Our vote, once the proposal is in the order (a vote before it would be void). The same choice again gives the same vote
 * again; another is refused with `UserAlreadyVoted`.
 */
export function castOrderedVote(
  fold: OrderedFold,
  ownVotes: OwnVotes,
  ballot: { readonly proposalId: Bytes; readonly choice: boolean; readonly signer: Signer },
): VotePayload {
  const { proposalId, choice, signer } = ballot
  const owner = signer.identity
  const session = fold.get(proposalId)
  const place = checkEligible(session, owner)
  // What is settled takes no vote, and after it nothing more need be remembered of ours.
  if (session.outcome !== null) throw refuseSafe({ code: 'SessionNotActive', proposalId: toHex(proposalId) })
  // ballots §8.6
  const signedBefore = (of: boolean): Bytes | undefined =>
    ownVotes.signatureOf(proposalId, owner, of) ?? session.column(of).signatureOf(place)
  const signature = signedBefore(choice)
  if (signature !== undefined) return votePayload({ proposalId, choice, owner, signature })
  if (signedBefore(!choice) !== undefined) {
    throw refuseSafe({ code: 'UserAlreadyVoted', owner: toHex(owner), proposalId: toHex(proposalId) })
  }
  const vote = signVote(proposalId, choice, signer)
  ownVotes.record(vote)
  return votePayload(vote)
}

/** An external voter's vote, to be carried by any peer (ballots §8.4). */
export function carriedVotePayload(fold: OrderedFold, vote: SafeVote, verifier: BallotVerifier): VotePayload {
  const session = fold.get(vote.proposalId)
  checkEligible(session, vote.owner)
  if (verifier.isVoteValid(vote)) return votePayload(vote)
  throw refuseSafe({
    code: 'InvalidVoteSignature',
    owner: toHex(vote.owner),
    proposalId: toHex(vote.proposalId),
  })
}

/** The owner's place in the roster. */
function checkEligible({ roster, signed }: OrderedSession, owner: Bytes): number {
  // ballots §8.1
  const place = roster.indexOf(owner)
  if (place >= 0) return place
  throw refuseSafe({ code: 'VoterNotEligible', owner: toHex(owner), proposalId: toHex(signed.id) })
}

export function closePayload(proposalId: Bytes): Bytes {
  return encodePayload('close', proposalId)
}

/** Sessions open in the order whose deadline our clock has passed: a voter votes for `closePayload` of each, once. */
export function closesDue(fold: OrderedFold, nowSec: number): readonly OrderedSession[] {
  // ballots §8.4: the clock says when we vote for Close, never what a block does.
  return fold.sessions().filter(({ outcome, signed }) => outcome === null && nowSec >= signed.proposal.expirySec)
}

/** When the next Close is due; `null` where no session is open. */
export function nextDeadlineSec(fold: OrderedFold): number | null {
  const deadlines = fold
    .sessions()
    .flatMap(({ outcome, signed }) => (outcome === null ? [signed.proposal.expirySec] : []))
  return deadlines.length === 0 ? null : deadlines.reduce((a, b) => Math.min(a, b))
}
