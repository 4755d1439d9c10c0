/**
 * @module wire/ballot
 *
 * Canonical bytes of safe ballots (ballots §8): proposals, votes, evidence, certificates and messages. Strict: one
 * encoding for each value, or a `CodecError`. The layout is in docs/wire.md.
 */

export { type BlockKey, type CertifiedBlock, FIRST_CHAIN_HASH, nextChainHash } from '../checkpoint/chain.ts'
export {
  type Certificate,
  decodeCertificate,
  encodeCertificate,
  type OrderedCertificate,
  type Outcome,
  type QuorumCertificate,
} from './certificate.ts'
export { observationHash, opaquePayloadOf } from './chain.ts'
export { BALLOT_LIMITS, type BallotFormat, DIGEST_BYTES, DOMAIN, GROUP_ID_BYTES, NONCE_BYTES } from './format.ts'
export { type BallotMessage, decodeBallotMessage, encodeBallotMessage } from './message.ts'
export {
  decodeProposalBody,
  decodeSignedProposal,
  encodeProposalBody,
  type Finality,
  type FinalitySpec,
  proposalDigest,
  proposalSignedBytes,
  type RosterSpec,
  type SafeProposal,
  type SignedProposal,
  signedProposal,
} from './proposal.ts'
export { isStrictSignature } from './strict-signature.ts'
export { VOTES_DIGEST_BYTES } from './sync.ts'
export {
  decodeEquivocation,
  decodeSafeVote,
  type Equivocation,
  encodeEquivocation,
  encodeSafeVote,
  type SafeVote,
  voteSignedBytes,
} from './vote.ts'
