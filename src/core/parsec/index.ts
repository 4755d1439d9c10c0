/**
 * @module witan/parsec
 *
 * The PARSEC engine, sans I/O.
 */

export {
  BYTES_PAYLOAD,
  type CanonicalFormat,
  type CanonicalLimits,
  CanonicalReader,
  CanonicalWriter,
  type Cause,
  CodecError,
  DEFAULT_LIMITS,
  type DkgMessage,
  decodeEvent,
  decodeMessage,
  decodeObservation,
  type EventHash,
  type EventView,
  encodeMessage,
  encodeObservation,
  fixedIdentity,
  type IdentityFormat,
  type Malice,
  type Observation,
  type PayloadCodec,
  type PeerId,
} from '../../wire/canonical/index.ts'
export type { BlockKey, CertifiedBlock } from '../../wire/checkpoint/chain.ts'
export type { CheckpointStatement } from '../../wire/checkpoint/statement.ts'
export { type Bases, type GraphCut, stubsOfBase, withVouches } from './checkpoint/bases.ts'
export { mayTakePart } from './checkpoint/may-take-part.ts'
export type { OrderProofs } from './checkpoint/order-proofs.ts'
export type { ChainProof, CheckpointView } from './checkpoint/proofs.ts'
export {
  CheckpointError,
  type CheckpointErrorData,
  type CheckpointTrust,
  type VerifiedCheckpoint,
  type VerifiedContradiction,
  type VerifiedPosition,
  verifyCheckpoint,
  verifyCheckpointEvidence,
  verifyPosition,
} from './checkpoint/verify.ts'
export { verifyBase } from './checkpoint/verify-base.ts'
export { type Coin, type CoinToss, ROUND_PARITY } from './election/coin.ts'
export type { ConsensusMode } from './election/keys.ts'
export type { MetaVote } from './election/meta-votes.ts'
export { isAtLeastThird } from './election/voters.ts'
export { ParsecError, type ParsecErrorCode, type ParsecErrorData } from './errors.ts'
export { type Agreement, type BlockExplanation, explainBlock } from './explain/block.ts'
export type { EventName } from './explain/replay.ts'
export { type Stuck, type UndecidedPayload, type WaitsFor, whyStuck } from './explain/stuck.ts'
export { PARSEC_SCHEMA_VERSION, parsecFactFromJson, parsecFactToJson } from './fact-codec.ts'
export type {
  Block,
  CheckpointSignatureTaken,
  CheckpointSigned,
  GossipEventAccepted,
  ParsecFact,
  ParsecFault,
  ParsecStep,
  PeerStarted,
  Proof,
  SendMessage,
  SyncEventOwed,
} from './facts.ts'
export { OpenedMessage } from './gossip/message.ts'
export {
  GossipSchedule,
  type Plan,
  SCHEDULE_DEFAULTS,
  type ScheduleOptions,
} from './gossip/schedule.ts'
export type { Comparison } from './gossip/summary.ts'
export { bytesGroup, Group, type GroupOptions, type ModeRule } from './group.ts'
export {
  type ElectionOutcome,
  type InspectedElection,
  type InspectedEvent,
  type InspectedKey,
  type InspectedMetaEvent,
  type Inspection,
  inspect,
} from './inspect.ts'
export { BUDGET_DEFAULTS, Budget, type BudgetOptions, type Cost } from './malice/budget.ts'
export { costOf, costOfLost, INVALID } from './malice/cost.ts'
export { MaliceEvidenceError, type MaliceEvidenceErrorData } from './malice/evidence/error.ts'
export { type MaliceTrust, type ProvenMalice, verifyEvidence } from './malice/evidence/verify.ts'
export type { OpenChange } from './membership/open-changes.ts'
export { decodeParameters, encodeParameters, type GroupParameters } from './parameters.ts'
export { type FoundOffence, Parsec, type Started } from './parsec.ts'
export { Starts } from './reading.ts'
export type { Compatibility } from './rules.ts'
