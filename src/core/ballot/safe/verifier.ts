/**
 * @module core/ballot/safe/verifier
 *
 * Whether signatures of safe ballots hold (ballots §8.2). An interface, so that a caller may verify batches elsewhere
 * first and answer from what it knows.
 */

import type { Bytes } from '../../../base/bytes.ts'
import type { SignatureScheme, Verdict, VerificationRequest } from '../../../ports/signature-scheme.ts'
import {
  isStrictSignature,
  proposalSignedBytes,
  type SafeVote,
  type SignedProposal,
  voteSignedBytes,
} from '../../../wire/ballot/index.ts'

export interface BallotVerifier {
  isProposalValid(signed: SignedProposal): boolean
  isVoteValid(vote: SafeVote): boolean
}

/** Only signatures of the one strict form pass. */
export function strictVerifier(scheme: SignatureScheme): BallotVerifier {
  const isValid = (identity: Bytes, message: Bytes, signature: Bytes): boolean =>
    // ballots §8.2
    isStrictSignature(scheme.name, signature) && scheme.verify(identity, message, signature) === 'valid'
  return {
    isProposalValid: ({ id, proposal, signature }) => isValid(proposal.owner, proposalSignedBytes(id), signature),
    isVoteValid: ({ proposalId, choice, owner, signature }) =>
      isValid(owner, voteSignedBytes(proposalId, choice), signature),
  }
}

/** What is to be checked elsewhere, in bulk. */
export function proposalVerification({ id, proposal, signature }: SignedProposal): VerificationRequest {
  return { identity: proposal.owner, message: proposalSignedBytes(id), signature }
}

export function voteVerification({ proposalId, choice, owner, signature }: SafeVote): VerificationRequest {
  return { identity: owner, message: voteSignedBytes(proposalId, choice), signature }
}

/** Answers for the one proposal or vote whose verdict it is. */
export function knownVerdict(scheme: string, verdict: Verdict | undefined): BallotVerifier {
  // ballots §8.2
  const isValid = ({ signature }: { readonly signature: Bytes }): boolean =>
    verdict === 'valid' && isStrictSignature(scheme, signature)
  return { isProposalValid: isValid, isVoteValid: isValid }
}
