/**
 * @module witan
 *
 * Entry point `witan`: the engine and its observables.
 */

export {
  type CertificateTrust,
  type Outcome,
  SafeBallotError,
  type SafeBallotErrorData,
  type SafeSessionState,
  verifyCertificate,
} from './core/ballot/safe/index.ts'
export {
  type CallOptions,
  ConsensusService,
  createConsensusService,
  type DrawOptions,
} from './engine/ballots/consensus-service.ts'
export type { ScopedEvent } from './engine/ballots/notifier.ts'
export { type ConsensusServiceOptions, ServiceError, type ServiceErrorData } from './engine/ballots/options.ts'
export type { ScopeStats } from './engine/ballots/queries.ts'
export { type BallotEvidence, Ballots, type OutgoingBallot } from './engine/ballots/safe/ballots.ts'
export type { Decision, Explanation } from './engine/ballots/safe/decision.ts'
export { BallotProposal, type WaitOptions } from './engine/ballots/safe/proposal.ts'
export { BallotScope, type ProposeOptions, type SafeScopeStats } from './engine/ballots/safe/scope.ts'
export type { Provisional } from './engine/peer/ballots/peer-ballots.ts'
export type { AgreedBlock, AgreedProof, PayloadBlock } from './engine/peer/blocks.ts'
export type { CheckpointBook, ProvenCheckpoint } from './engine/peer/checkpoints.ts'
export { PeerError, type PeerErrorData } from './engine/peer/errors.ts'
export type { HistoryOptions } from './engine/peer/history.ts'
export type { Membership, PendingChange } from './engine/peer/membership.ts'
export type { MembershipPolicy, ProposedChange } from './engine/peer/membership-policy.ts'
export type { Evidence, GossipNotice, PeerPhase, Status } from './engine/peer/notices.ts'
export {
  type BatchingOptions,
  type FollowerPolicy,
  type FollowOptions,
  type GenesisOptions,
  groupOf,
  type JoinOptions,
  type PayloadCodec,
  type WitanOptions,
} from './engine/peer/options.ts'
export type { Receipt } from './engine/peer/receipts.ts'
export { createWitan, Witan } from './engine/peer/witan.ts'
export { systemClock } from './engine/system-clock.ts'
export type { Clock } from './ports/clock.ts'
export type { Logger } from './ports/logger.ts'
export type { Random } from './ports/random.ts'
export type { SignatureScheme, Signer, Verdict, VerificationRequest } from './ports/signature-scheme.ts'
