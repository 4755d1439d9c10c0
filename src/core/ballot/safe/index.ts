/**
 * @module core/ballot/safe
 *
 * Binary decisions on proposals, sans I/O, under the policy `safe` (ballots §8): no two correct peers decide differently,
 * in any order of arrival, with fewer than a third of the roster faulty.
 *
 * - `quorum`: `QuorumScope` takes proposals and votes and gives steps; a decision is a function of the set of votes.
 * - `ordered`: `OrderedFold` takes the group's blocks; `duties` makes the payloads to put into the order.
 * - Both: `verifyCertificate` and `verifyEvidence` for strangers.
 */

export {
  type BallotFormat,
  type BallotMessage,
  type Certificate,
  type CertifiedBlock,
  decodeBallotMessage,
  decodeCertificate,
  decodeSafeVote,
  decodeSignedProposal,
  type Equivocation,
  encodeBallotMessage,
  encodeEquivocation,
  encodeSafeVote,
  type Finality,
  type FinalitySpec,
  nextChainHash,
  type Outcome,
  type RosterSpec,
  type SafeProposal,
  type SafeVote,
  type SignedProposal,
} from '../../../wire/ballot/index.ts'
export { admit, admitOrThrow, type ScopeRules, type VotersBefore } from './admission.ts'
export { type OrderedCertificateParts, orderedCertificate, type SettledBallot } from './certificate/ordered.ts'
export { certificateBytes, quorumCertificate } from './certificate/quorum.ts'
export type { CertificateTrust, CheckpointView } from './certificate/trust.ts'
export { type CertifiedOutcome, importCertificate, openCertificate, verifyCertificate } from './certificate/verify.ts'
export { EarlyVotes } from './early-votes.ts'
export { refuseSafe, SafeBallotError, type SafeBallotErrorCode, type SafeBallotErrorData } from './errors.ts'
export { verifyEvidence } from './evidence.ts'
export { SAFE_SCHEMA_VERSION, safeFactFromJson, safeFactToJson } from './fact-codec.ts'
export {
  carriedVotePayload,
  castOrderedVote,
  closePayload,
  closesDue,
  DEFAULT_MAX_OPEN_PER_OWNER,
  nextDeadlineSec,
  proposalPayload,
  type VotePayload,
} from './ordered/duties.ts'
export { type OrderedFact, orderedFactOf } from './ordered/facts.ts'
export {
  type EvictedSession,
  type OrderedBlock,
  OrderedFold,
  type OrderedNotice,
  type OrderedRules,
  type VoidReason,
} from './ordered/fold.ts'
export { OwnVotes } from './ordered/own-votes.ts'
export { type ProvisionalView, ProvisionalVotes } from './ordered/provisional.ts'
export { OrderedSession, type OrderedSessionView } from './ordered/session.ts'
export { buildSafeProposal, DEFAULT_SAFE_THRESHOLD, type ProposalDraft, signVote } from './propose.ts'
export { checkOpening, decideOpening, decideOwnVote, decideVote, type OwnVote } from './quorum/decide.ts'
export type { EquivocationFault, QuorumFact, QuorumStep, Spread } from './quorum/facts.ts'
export { DEFAULT_QUORUM_LIMITS, type QuorumLimits } from './quorum/limits.ts'
export {
  QuorumScope,
  type QuorumScopeOptions,
  type RefusedVote,
} from './quorum/scope.ts'
export { type QuorumPhase, QuorumSession, type QuorumSessionView } from './quorum/session.ts'
export type { Residence } from './quorum/sessions.ts'
export { quorumOf, Roster } from './roster.ts'
export { proposalIdOf, type SafeFact, type SafePhase, SafeSession, type SafeSessionState } from './session.ts'
export {
  changedSettings,
  checkRosterOfScope,
  defaultSafeSettings,
  type SafeScopeChange,
  type SafeScopeSettings,
} from './settings.ts'
export {
  type BallotVerifier,
  knownVerdict,
  proposalVerification,
  strictVerifier,
  voteVerification,
} from './verifier.ts'
