/**
 * @module core/ballot/session
 *
 * The state of one session, and how facts change it. `evolve` cannot fail, does no crypto, and costs the same for the
 * ten-thousandth vote as for the first: what subscribers see is a small frozen value, while the votes stand in a list
 * that only grows, so that a snapshot of it is its length.
 */

import { produce } from 'immer'
import { present, unreachable } from '../../base/errors.ts'
import { toHex } from '../../base/text.ts'
import type { Proposal, Vote } from '../../wire/protobuf/index.ts'
import type { ConsensusConfig } from './config.ts'
import type { SessionFact } from './facts.ts'
import { roundAt } from './rounds.ts'

export type SessionStatus = 'active' | 'yes' | 'no' | 'failed'

/** Frozen; a new value for each change. */
export interface SessionState {
  readonly scope: string
  readonly proposalId: number
  readonly status: SessionStatus
  readonly round: number
  readonly yesVotes: number
  readonly noVotes: number
  /** When this peer began the session; the newest are kept (ballots §6). */
  readonly createdAtSec: bigint
  readonly deadlineSec: bigint
  readonly isDeadlinePassed: boolean
  /** Evicted or deleted: unknown to every call, though its facts stay in the log. */
  readonly isGone: boolean
  readonly config: ConsensusConfig
  /** Without its votes, which `Session.votes` holds. */
  readonly proposal: Omit<Proposal, 'votes' | 'round'>
}

export type Outcome = boolean | null | undefined

/** true or false: decided; null: failed; undefined: active. */
export function outcomeOf(state: SessionState): Outcome {
  return { yes: true, no: false, failed: null, active: undefined }[state.status]
}

export class Session {
  #state: SessionState | undefined
  #votes: Vote[] = []
  #byOwner = new Map<string, Vote>()
  /** Most sessions never have any. */
  #lateVotes: Map<string, Vote> | undefined

  /** Throws before the first fact. */
  get state(): SessionState {
    return present(this.#state, 'a session begins with its proposal')
  }

  /** Evicted, deleted, or never begun. */
  get isGone(): boolean {
    return this.#state?.isGone !== false
  }

  get voteCount(): number {
    return this.#votes.length
  }

  get lastVote(): Vote | undefined {
    return this.#votes.at(-1)
  }

  voteOf(owner: Uint8Array): Vote | undefined {
    return this.#byOwner.get(toHex(owner))
  }

  /** Our vote that was cast after the decision. */
  lateVoteOf(owner: Uint8Array): Vote | undefined {
    return this.#lateVotes?.get(toHex(owner))
  }

  /** The proposal with its votes as they stood in `state`. */
  proposalAt(state: SessionState = this.state): Proposal {
    const votes = this.#votes.slice(0, state.yesVotes + state.noVotes)
    return { ...state.proposal, round: state.round, votes }
  }

  evolve(fact: SessionFact): void {
    switch (fact.type) {
      case 'ProposalCreated':
      case 'ProposalReceived':
        this.#begin(fact)
        return
      case 'VoteAccepted':
      case 'VoteCast':
        this.#count(fact.vote)
        return
      case 'LateVoteCast':
        this.#lateVotes ??= new Map()
        this.#lateVotes.set(toHex(fact.vote.voteOwner), ownVote(fact.vote))
        return
      case 'DeadlinePassed':
        this.#change({ isDeadlinePassed: true })
        return
      case 'ConsensusReached':
        this.#change({ status: fact.result ? 'yes' : 'no' })
        return
      case 'ConsensusFailed':
      case 'RoundLimitReached':
        this.#change({ status: 'failed' })
        return
      case 'SessionEvicted':
      case 'SessionDeleted':
        this.#change({ isGone: true })
        return
      default:
        unreachable(fact)
    }
  }

  #begin(fact: Extract<SessionFact, { type: 'ProposalCreated' | 'ProposalReceived' }>): void {
    const votes = fact.proposal.votes.map(ownVote)
    const proposal = ownTerms(fact.proposal)
    this.#votes = votes
    this.#byOwner = new Map(votes.map((vote) => [toHex(vote.voteOwner), vote]))
    this.#lateVotes = undefined
    const yesVotes = votes.filter((vote) => vote.vote).length
    const state: SessionState = {
      scope: fact.scope,
      proposalId: proposal.proposalId,
      status: 'active',
      round: roundAt(votes.length, fact.config),
      yesVotes,
      noVotes: votes.length - yesVotes,
      createdAtSec: fact.nowSec,
      deadlineSec: fact.deadlineSec,
      isDeadlinePassed: false,
      isGone: false,
      config: ownConfig(fact.config),
      proposal,
    }
    this.#state = produce(state, () => undefined)
  }

  #count(given: Vote): void {
    const vote = ownVote(given)
    this.#votes.push(vote)
    this.#byOwner.set(toHex(vote.voteOwner), vote)
    this.#state = produce(this.state, (draft) => {
      if (vote.vote) draft.yesVotes += 1
      else draft.noVotes += 1
      draft.round = roundAt(this.#votes.length, draft.config)
    })
  }

  #change(change: Partial<SessionState>): void {
    this.#state = produce(this.state, (draft) => {
      Object.assign(draft, change)
    })
  }
}

/** Copies that hold the protocol's fields alone, and that neither who gave them nor who is shown them can change. */
function ownVote(vote: Vote): Vote {
  return Object.freeze({
    voteId: vote.voteId,
    voteOwner: vote.voteOwner,
    proposalId: vote.proposalId,
    timestamp: vote.timestamp,
    vote: vote.vote,
    parentHash: vote.parentHash,
    receivedHash: vote.receivedHash,
    voteHash: vote.voteHash,
    signature: vote.signature,
  })
}

function ownTerms(proposal: Proposal): SessionState['proposal'] {
  return Object.freeze({
    name: proposal.name,
    payload: proposal.payload,
    proposalId: proposal.proposalId,
    proposalOwner: proposal.proposalOwner,
    expectedVotersCount: proposal.expectedVotersCount,
    timestamp: proposal.timestamp,
    expirationTimestamp: proposal.expirationTimestamp,
    livenessCriteriaYes: proposal.livenessCriteriaYes,
  })
}

function ownConfig(config: ConsensusConfig): ConsensusConfig {
  const { networkType, threshold, timeoutNs, livenessCriteriaYes, maxRounds } = config
  return Object.freeze({ networkType, threshold, timeoutNs, livenessCriteriaYes, maxRounds })
}
