/**
 * @module core/ballot/decide
 *
 * What follows from a command: facts to append, events to publish once they are durable, and the answer. Nothing is
 * changed here. A refusal that changes nothing is thrown; one that changes the state comes with its facts as `refusal`.
 */

import { toHex } from '../../base/text.ts'
import type { Proposal, Vote } from '../../wire/protobuf/index.ts'
import type { Step } from '../step.ts'
import { type ConsensusConfig, resolveConfig, type ScopeConfig } from './config.ts'
import { type BallotError, refuse } from './errors.ts'
import type { BallotEvent, SessionFact } from './facts.ts'
import { buildProposal, checkNotExpired, deadlineOf, type ProposalRequest, validateProposal } from './proposal.ts'
import { brokenRoundLimit } from './rounds.ts'
import { outcomeOf, type Session } from './session.ts'
import { calculateConsensusResult } from './tally.ts'
import { buildVote, checkVote, type NewVote, type Verify, type VoteSigner } from './vote.ts'

export interface Decision<Answer> extends Step<SessionFact, BallotEvent> {
  readonly answer: Answer
  /** Set: the command is refused, and `facts` say what that changed. */
  readonly refusal?: BallotError
}

/** What a decision knows besides the session. */
export interface Circumstances {
  readonly nowSec: bigint
  readonly verify: Verify
  readonly schemeName: string
}

function decision<Answer>(
  facts: readonly SessionFact[],
  effects: readonly BallotEvent[],
  answer: Answer,
): Decision<Answer> {
  return { facts, effects, faults: [], answer }
}

const reached = (proposalId: number, result: boolean, timestamp: bigint): BallotEvent => ({
  type: 'ConsensusReached',
  proposalId,
  result,
  timestamp,
})
const failed = (proposalId: number, timestamp: bigint): BallotEvent => ({
  type: 'ConsensusFailed',
  proposalId,
  timestamp,
})

/** ballots §6: an own proposal. */
export function decideCreation(
  scope: string,
  request: ProposalRequest,
  proposalId: number,
  settings: { readonly scopeConfig: ScopeConfig | undefined; readonly override: ConsensusConfig | undefined },
  nowSec: bigint,
): Decision<Proposal> {
  const proposal = buildProposal(request, proposalId, nowSec)
  checkNotExpired(proposal, nowSec)
  const config = resolveConfig(proposal, settings.scopeConfig, settings.override)
  const deadlineSec = deadlineOf(proposal, settings.override, nowSec)
  return decision([{ type: 'ProposalCreated', scope, proposal, config, deadlineSec, nowSec }], [], proposal)
}

/** ballots §3: a proposal from the network. `known` is the session that has its id in this scope. */
export function decideIncomingProposal(
  scope: string,
  proposal: Proposal,
  known: Session | undefined,
  scopeConfig: ScopeConfig | undefined,
  { nowSec, verify, schemeName }: Circumstances,
): Decision<undefined> {
  const { proposalId, votes, expectedVotersCount } = proposal
  if (known !== undefined) throw refuse({ code: 'ProposalAlreadyExist', scope, proposalId })
  validateProposal(proposal, nowSec, verify, schemeName)
  checkDistinctOwners(proposal)
  const config = resolveConfig(proposal, scopeConfig, undefined)
  const limit =
    votes.length > expectedVotersCount
      ? expectedVotersCount
      : brokenRoundLimit(votes.length, expectedVotersCount, config)
  if (limit !== undefined) throw refuse({ code: 'MaxRoundsExceeded', proposalId, limit })
  const opened: SessionFact = {
    type: 'ProposalReceived',
    scope,
    proposal,
    config,
    deadlineSec: proposal.expirationTimestamp,
    nowSec,
  }
  const yes = votes.filter((vote) => vote.vote).length
  const result = votes.length === 0 ? undefined : tally(proposal, config, { yes, no: votes.length - yes }, false)
  if (result === undefined) return decision([opened], [], undefined)
  return decision(
    [opened, { type: 'ConsensusReached', result, nowSec }],
    [reached(proposalId, result, nowSec)],
    undefined,
  )
}

function checkDistinctOwners({ votes, proposalId }: Proposal): void {
  const owners = new Set<string>()
  for (const { voteOwner } of votes) {
    const owner = toHex(voteOwner)
    if (owners.has(owner)) throw refuse({ code: 'DuplicateVote', proposalId, voteOwner })
    owners.add(owner)
  }
}

/** ballots §3: a vote from the network. */
export function decideIncomingVote(
  session: Session,
  vote: Vote,
  { nowSec, verify, schemeName }: Circumstances,
): Decision<undefined> {
  const { proposal } = session.state
  const bounds = { createdSec: proposal.timestamp, expirationSec: proposal.expirationTimestamp }
  checkVote(vote, bounds, nowSec, verify, schemeName)
  return addVote(session, vote, 'VoteAccepted', nowSec)
}

/** ballots §3: our own vote. */
export function decideOwnVote(session: Session, newVote: NewVote, signer: VoteSigner): Decision<Vote> {
  const { nowSec, choice } = newVote
  const { proposal, status } = session.state
  const { proposalId } = proposal
  checkNotExpired(proposal, nowSec)
  const alreadyVoted = refuse({ code: 'UserAlreadyVoted', proposalId, voteOwner: signer.identity })
  if (session.voteOf(signer.identity) !== undefined) throw alreadyVoted
  const late = session.lateVoteOf(signer.identity)
  if (late !== undefined && late.vote !== choice) throw alreadyVoted
  const receivedHash = session.lastVote?.voteHash
  const vote = late ?? buildVote(proposal, { receivedHash }, newVote, signer)
  if (status !== 'yes' && status !== 'no') return { ...addVote(session, vote, 'VoteCast', nowSec), answer: vote }
  // ballots §3: given, not counted; never another one.
  const facts: SessionFact[] = late === undefined ? [{ type: 'LateVoteCast', vote, nowSec }] : []
  return decision(facts, [reached(proposalId, status === 'yes', nowSec)], vote)
}

function addVote(session: Session, vote: Vote, type: 'VoteAccepted' | 'VoteCast', nowSec: bigint): Decision<undefined> {
  const { state } = session
  const { scope, proposalId, proposal, config } = state
  const outcome = outcomeOf(state)
  if (typeof outcome === 'boolean') return decision([], [reached(proposalId, outcome, nowSec)], undefined)
  if (outcome === null) throw refuse({ code: 'SessionNotActive', scope, proposalId })
  checkNotExpired(proposal, nowSec)
  const limit = brokenRoundLimit(session.voteCount + 1, proposal.expectedVotersCount, config)
  if (limit !== undefined) {
    const refusal = refuse({ code: 'MaxRoundsExceeded', proposalId, limit })
    return { ...decision([{ type: 'RoundLimitReached', limit, nowSec }], [], undefined), refusal }
  }
  if (session.voteOf(vote.voteOwner) !== undefined)
    throw refuse({ code: 'DuplicateVote', proposalId, voteOwner: vote.voteOwner })
  const added: SessionFact = { type, vote, nowSec }
  const counts = { yes: state.yesVotes + (vote.vote ? 1 : 0), no: state.noVotes + (vote.vote ? 0 : 1) }
  const result = tally(proposal, config, counts, false)
  if (result === undefined) return decision([added], [], undefined)
  return decision(
    [added, { type: 'ConsensusReached', result, nowSec }],
    [reached(proposalId, result, nowSec)],
    undefined,
  )
}

/** ballots §5: the timeout, whenever it comes. */
export function decideTimeout(session: Session, nowSec: bigint): Decision<boolean | undefined> {
  const { state } = session
  const { proposalId } = state
  const outcome = outcomeOf(state)
  if (typeof outcome === 'boolean') return decision([], [reached(proposalId, outcome, nowSec)], outcome)
  const passed: SessionFact[] = state.isDeadlinePassed ? [] : [{ type: 'DeadlinePassed', nowSec }]
  const result = tally(state.proposal, state.config, { yes: state.yesVotes, no: state.noVotes }, true)
  if (result !== undefined) {
    return decision(
      [...passed, { type: 'ConsensusReached', result, nowSec }],
      [reached(proposalId, result, nowSec)],
      result,
    )
  }
  // ballots §5, 6
  const facts: SessionFact[] = outcome === null ? passed : [...passed, { type: 'ConsensusFailed', nowSec }]
  const refusal = refuse({ code: 'InsufficientVotesAtTimeout', proposalId, votes: session.voteCount })
  return { ...decision(facts, [failed(proposalId, nowSec)], undefined), refusal }
}

function tally(
  proposal: Pick<Proposal, 'expectedVotersCount' | 'livenessCriteriaYes'>,
  config: ConsensusConfig,
  counts: { readonly yes: number; readonly no: number },
  isTimeout: boolean,
): boolean | undefined {
  return calculateConsensusResult({
    yes: counts.yes,
    no: counts.no,
    expectedVoters: proposal.expectedVotersCount,
    threshold: config.threshold,
    livenessCriteriaYes: config.livenessCriteriaYes,
    isTimeout,
  })
}
