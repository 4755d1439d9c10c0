/**
 * @module engine/ballots/safe/order
 *
 * What ballots need of an ordering group (ballots §8.4). A peer of a group brings one; a service of ballots alone has none.
 */

import type { Bytes } from '../../../base/bytes.ts'
import type { safe } from '../../../core/ballot/index.ts'
import type { Signer } from '../../../ports/signature-scheme.ts'

export interface BallotOrder {
  readonly groupId: Bytes
  /** Of a whole encoded proposal. */
  readonly maxProposalBytes: number
  /** Blocks that are folded: the position that a proposal of now begins from. */
  readonly position: number
  readonly votersBefore: safe.VotersBefore
  session(proposalId: Bytes): safe.OrderedSession | undefined
  provisional(proposalId: Bytes): safe.ProvisionalView | undefined
  /** Puts a proposal into the order; resolves when that is durable here. */
  propose(signed: safe.SignedProposal): Promise<void>
  /** Our vote, as soon as the proposal is in the order; resolves when it is durable here. */
  vote(ballot: OrderedBallot): Promise<safe.SafeVote>
  /** Puts another owner's vote into the order. */
  carry(vote: safe.SafeVote): Promise<void>
  /** Resolves once a checkpoint covers the settling block; fails with `NotDecided` before there is one. */
  certificate(ballot: safe.SettledBallot, signal?: AbortSignal): Promise<Bytes>
}

export interface OrderedBallot {
  readonly proposalId: Bytes
  readonly choice: boolean
  readonly signer: Signer
  readonly signal?: AbortSignal
}
