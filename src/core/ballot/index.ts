/**
 * @module core/ballot
 *
 * Binary decisions on proposals, sans I/O (ballots §1 to §7, policy `compatible`). Alone: `ConsensusCore` holds all scopes
 * and sessions of a peer, and each of its operations returns the facts to store, then the events to publish. Finer: `decide…`
 * one command on one `Session`, store its facts, `evolve` the session with each. With a log, actors and observables:
 * `ConsensusService` of `witan`.
 */

export {
  DecodeError,
  decodeProposal,
  decodeVote,
  encodeProposal,
  encodeVote,
  encodeVoteUnsigned,
  type Proposal,
  type Vote,
} from '../../wire/protobuf/index.ts'
export { checkChain } from './chain.ts'
export {
  type ConsensusConfig,
  DEFAULT_SCOPE_CONFIG,
  GOSSIPSUB_CONFIG,
  type NetworkType,
  P2P_CONFIG,
  resolveConfig,
  type ScopeConfig,
  toConsensusConfig,
} from './config.ts'
export {
  type AtTime,
  ConsensusCore,
  type ConsensusCoreOptions,
  type CoreStep,
  type ScopedFact,
} from './consensus-core.ts'
export {
  type Circumstances,
  type Decision,
  decideCreation,
  decideIncomingProposal,
  decideIncomingVote,
  decideOwnVote,
  decideTimeout,
} from './decide.ts'
export { BallotError, type BallotErrorCode, type BallotErrorData, refuse } from './errors.ts'
export { compareAge, sessionsToEvict } from './eviction.ts'
export { BALLOT_SCHEMA_VERSION, ballotFactFromJson, ballotFactToJson } from './fact-codec.ts'
export type { BallotEvent, BallotFact, ScopeFact, SessionFact } from './facts.ts'
export { buildProposal, idFromUuid, type ProposalRequest, uuidV4, validateProposal } from './proposal.ts'
/** The policy `safe` (ballots §8). */
export * as safe from './safe/index.ts'
export { ConsensusConfigBuilder, ScopeConfigBuilder } from './scope-builder.ts'
export { type Outcome, outcomeOf, Session, type SessionState, type SessionStatus } from './session.ts'
export { type Counts, calculateConsensusResult, hasSufficientVotes, requiredVotes } from './tally.ts'
export {
  buildVote,
  checkVote,
  computeVoteHash,
  type Verify,
  type VoteSigner,
  verificationOf,
  verifierOf,
} from './vote.ts'
