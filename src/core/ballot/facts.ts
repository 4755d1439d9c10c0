/**
 * @module core/ballot/facts
 *
 * What happened to ballots, past tense. They carry all that `evolve` needs, so that a replay needs neither keys nor
 * clock. `nowSec` is the time of the command, in seconds since the Unix epoch.
 */

import type { Proposal, Vote } from '../../wire/protobuf/index.ts'
import type { ConsensusConfig, ScopeConfig } from './config.ts'
import type { SafeScopeSettings } from './safe/settings.ts'

interface At {
  readonly nowSec: bigint
}

interface SessionOpened extends At {
  readonly scope: string
  /** As it came, its votes included; they are counted by this fact. */
  readonly proposal: Proposal
  readonly config: ConsensusConfig
  /** When silence is judged. */
  readonly deadlineSec: bigint
}

export type SessionFact =
  | ({ readonly type: 'ProposalCreated' } & SessionOpened)
  | ({ readonly type: 'ProposalReceived' } & SessionOpened)
  | ({ readonly type: 'VoteAccepted'; readonly vote: Vote } & At)
  | ({ readonly type: 'VoteCast'; readonly vote: Vote } & At)
  /** Our own vote in a session that was decided already: given to others, not counted here (ballots §3). */
  | ({ readonly type: 'LateVoteCast'; readonly vote: Vote } & At)
  | ({ readonly type: 'DeadlinePassed' } & At)
  | ({ readonly type: 'ConsensusReached'; readonly result: boolean } & At)
  | ({ readonly type: 'ConsensusFailed' } & At)
  | ({ readonly type: 'RoundLimitReached'; readonly limit: number } & At)
  | ({ readonly type: 'SessionEvicted' } & At)
  | ({ readonly type: 'SessionDeleted' } & At)

export type ScopeFact =
  /** The scope's streams are several: until `ScopeDeleted`, recovery goes on with it. */
  | ({ readonly type: 'ScopeDeletionBegun' } & At)
  | ({ readonly type: 'ScopeConfigured'; readonly config: ScopeConfig } & At)
  | ({ readonly type: 'SafeScopeConfigured'; readonly settings: SafeScopeSettings } & At)
  | ({ readonly type: 'ScopeDeleted' } & At)

export type BallotFact = SessionFact | ScopeFact

/** What subscribers are told (ballots §7); `timestamp` is the time of the call, in seconds. */
export type BallotEvent =
  | {
      readonly type: 'ConsensusReached'
      readonly proposalId: number
      readonly result: boolean
      readonly timestamp: bigint
    }
  | { readonly type: 'ConsensusFailed'; readonly proposalId: number; readonly timestamp: bigint }
