/**
 * @module core/ballot/safe/quorum/facts
 *
 * What happened in a scope of finality `quorum`, past tense. A replay needs neither keys nor clock, nor the group whose
 * voters a roster was.
 */

import type { Bytes } from '../../../../base/bytes.ts'
import type { BallotMessage, Equivocation } from '../../../../wire/ballot/index.ts'
import type { Step } from '../../../step.ts'

interface About {
  readonly proposalId: Bytes
}

export type QuorumFact =
  | ({
      readonly type: 'SafeProposalOpened'
      /** The signed proposal, encoded. */
      readonly proposal: Bytes
      /** The voters, where the proposal does not list them itself. */
      readonly roster: readonly Bytes[] | null
    } & About)
  | ({
      readonly type: 'SafeVoteAccepted'
      readonly owner: Bytes
      readonly choice: boolean
      readonly signature: Bytes
    } & About)
  /** The deadline passed without a decision. A quorum that comes later still decides. */
  | ({ readonly type: 'SafeSessionExpired' } & About)
  | ({ readonly type: 'SafeDecisionReached'; readonly choice: boolean } & About)
  | ({ readonly type: 'SafeSessionEvicted' } & About)
  /** With its scope. It never opens again: our votes in it stand for ever. */
  | ({ readonly type: 'SafeSessionDeleted' } & About)

/** Give it to the other peers of the scope. Only after the facts are durable. */
export interface Spread {
  readonly type: 'Spread'
  readonly message: BallotMessage
}

/** An owner signed both choices: publish the proof. */
export interface EquivocationFault {
  readonly type: 'Equivocation'
  readonly proof: Equivocation
}

export type QuorumStep = Step<QuorumFact, Spread, EquivocationFault>
