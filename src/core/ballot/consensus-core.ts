/**
 * @module core/ballot/consensus-core
 *
 * All scopes and sessions of one peer, sans I/O (ballots §7): each operation decides, evolves this state, and returns what
 * follows from it. The engine's `ConsensusService` does the same with a log, actors and observables; this is for those
 * who bring their own.
 *
 * The caller owes, in this order: append `facts` to a log as one; then publish `effects`, send or use `answer`, and throw
 * `refusal` if there is one. Where the append fails: drop this object, and `evolve` a new one with the facts of the log,
 * in their order. A command that is refused without a change is thrown as `BallotError`.
 */

import type { SignatureScheme, Signer } from '../../ports/signature-scheme.ts'
import type { Proposal, Vote } from '../../wire/protobuf/index.ts'
import type { Step } from '../step.ts'
import type { ConsensusConfig, ScopeConfig } from './config.ts'
import {
  type Circumstances,
  type Decision,
  decideCreation,
  decideIncomingProposal,
  decideIncomingVote,
  decideOwnVote,
  decideTimeout,
} from './decide.ts'
import { type BallotError, refuse } from './errors.ts'
import { sessionsToEvict } from './eviction.ts'
import type { BallotEvent, BallotFact, SessionFact } from './facts.ts'
import type { ProposalRequest } from './proposal.ts'
import { ScopeConfigBuilder } from './scope-builder.ts'
import { outcomeOf, Session, type SessionState } from './session.ts'
import { verifierOf } from './vote.ts'

/** A fact and the stream that it belongs to: a scope's own, or that of one of its sessions. */
export interface ScopedFact {
  readonly scope: string
  readonly proposalId: number | null
  readonly fact: BallotFact
}

export interface CoreStep<Answer> extends Step<ScopedFact, { readonly scope: string; readonly event: BallotEvent }> {
  readonly answer: Answer
  /** Set: the command is refused, and `facts` say what that changed. */
  readonly refusal?: BallotError
}

export interface ConsensusCoreOptions {
  /** Our key, and with it the scheme of the group. */
  readonly signer: Signer
  /** Sessions kept in a scope; older ones are evicted (ballots §6). Default: 10. */
  readonly maxSessionsPerScope?: number
}

export interface AtTime {
  /** The time of the call, in seconds since the Unix epoch. */
  readonly nowSec: bigint
}

interface Scope {
  config: ScopeConfig | undefined
  /** In order of arrival. */
  readonly sessions: Map<number, Session>
}

const DEFAULT_MAX_SESSIONS = 10

export class ConsensusCore {
  readonly #signer: Signer
  readonly #scheme: SignatureScheme
  readonly #maxSessions: number
  readonly #scopes = new Map<string, Scope>()

  constructor({ signer, maxSessionsPerScope = DEFAULT_MAX_SESSIONS }: ConsensusCoreOptions) {
    this.#signer = signer
    this.#scheme = signer.scheme
    this.#maxSessions = maxSessionsPerScope
  }

  /** Applies a fact of the log. Cannot fail, and checks nothing. */
  evolve({ scope: name, proposalId, fact }: ScopedFact): void {
    const scope = this.#scopes.get(name) ?? { config: undefined, sessions: new Map<number, Session>() }
    this.#scopes.set(name, scope)
    if (fact.type === 'ScopeConfigured' || fact.type === 'ScopeDeleted') {
      scope.config = fact.type === 'ScopeConfigured' ? fact.config : undefined
    } else if (proposalId !== null && isSessionFact(fact)) {
      const session = scope.sessions.get(proposalId) ?? new Session()
      session.evolve(fact)
      if (session.isGone) scope.sessions.delete(proposalId)
      else scope.sessions.set(proposalId, session)
    }
    if (scope.config === undefined && scope.sessions.size === 0) this.#scopes.delete(name)
  }

  /** `proposalId` is random (`idFromUuid`); draw another where it is taken: `ProposalAlreadyExist`. */
  createProposal(
    scope: string,
    request: ProposalRequest,
    { nowSec, proposalId, override }: AtTime & { readonly proposalId: number; readonly override?: ConsensusConfig },
  ): CoreStep<Proposal> {
    const settings = { scopeConfig: this.scopeConfig(scope), override }
    const decision = decideCreation(scope, request, proposalId, settings, nowSec)
    if (this.#find(scope, proposalId) !== undefined) throw refuse({ code: 'ProposalAlreadyExist', scope, proposalId })
    return this.#open(scope, proposalId, decision, nowSec)
  }

  processIncomingProposal(scope: string, proposal: Proposal, { nowSec }: AtTime): CoreStep<undefined> {
    const { proposalId } = proposal
    const known = this.#find(scope, proposalId)
    const circumstances = this.#circumstances(nowSec)
    const decision = decideIncomingProposal(scope, proposal, known, this.scopeConfig(scope), circumstances)
    return this.#open(scope, proposalId, decision, nowSec)
  }

  processIncomingVote(scope: string, vote: Vote, { nowSec }: AtTime): CoreStep<undefined> {
    const session = this.#session(scope, vote.proposalId)
    return this.#apply(scope, vote.proposalId, decideIncomingVote(session, vote, this.#circumstances(nowSec)))
  }

  /** `voteId` is random (`idFromUuid`). */
  castVote(
    scope: string,
    proposalId: number,
    choice: boolean,
    { nowSec, voteId }: AtTime & { readonly voteId: number },
  ): CoreStep<Vote> {
    const session = this.#session(scope, proposalId)
    return this.#apply(scope, proposalId, decideOwnVote(session, { voteId, choice, nowSec }, this.#signer))
  }

  /** At the session's `deadlineSec`, or whenever the caller says that it is time (ballots §5). */
  handleConsensusTimeout(scope: string, proposalId: number, { nowSec }: AtTime): CoreStep<boolean | undefined> {
    return this.#apply(scope, proposalId, decideTimeout(this.#session(scope, proposalId), nowSec))
  }

  /** Settings of a scope; `initialize()` or `update()` at the end gives the step. */
  scope(name: string, { nowSec }: AtTime): ScopeConfigBuilder<CoreStep<undefined>> {
    return new ScopeConfigBuilder(this.scopeConfig(name), (config) =>
      this.#evolveAll([{ scope: name, proposalId: null, fact: { type: 'ScopeConfigured', config, nowSec } }]),
    )
  }

  /** Forgets its sessions and its configuration. Never fails. */
  deleteScope(name: string, { nowSec }: AtTime): CoreStep<undefined> {
    const scope = this.#scopes.get(name)
    const ends = [...(scope?.sessions.keys() ?? [])].map(
      (proposalId): ScopedFact => ({ scope: name, proposalId, fact: { type: 'SessionDeleted', nowSec } }),
    )
    const isConfigured = scope?.config !== undefined
    // Several streams: who stores them one by one sees what is left to do.
    const isLong = ends.length + (isConfigured ? 1 : 0) > 1
    const ofScope = (type: 'ScopeDeletionBegun' | 'ScopeDeleted'): ScopedFact => ({
      scope: name,
      proposalId: null,
      fact: { type, nowSec },
    })
    const facts = [
      ...(isLong ? [ofScope('ScopeDeletionBegun')] : []),
      ...ends,
      ...(isLong || isConfigured ? [ofScope('ScopeDeleted')] : []),
    ]
    return this.#evolveAll(facts)
  }

  /** true or false; otherwise ConsensusNotReached, ConsensusFailed or SessionNotFound is thrown. */
  consensusResult(scope: string, proposalId: number): boolean {
    const outcome = outcomeOf(this.session(scope, proposalId))
    if (outcome === null) throw refuse({ code: 'ConsensusFailed', scope, proposalId })
    if (outcome === undefined) throw refuse({ code: 'ConsensusNotReached', scope, proposalId })
    return outcome
  }

  /** Frozen. */
  session(scope: string, proposalId: number): SessionState {
    return this.#session(scope, proposalId).state
  }

  /** In order of arrival. */
  sessions(scope: string): SessionState[] {
    return [...(this.#scopes.get(scope)?.sessions.values() ?? [])].map(({ state }) => state)
  }

  /** With its votes. */
  proposal(scope: string, proposalId: number): Proposal {
    return this.#session(scope, proposalId).proposalAt()
  }

  scopeConfig(scope: string): ScopeConfig | undefined {
    return this.#scopes.get(scope)?.config
  }

  /** Scopes that hold sessions. */
  listScopes(): string[] {
    return [...this.#scopes].filter(([, { sessions }]) => sessions.size > 0).map(([name]) => name)
  }

  #circumstances(nowSec: bigint): Circumstances {
    return { nowSec, verify: verifierOf(this.#scheme), schemeName: this.#scheme.name }
  }

  #find(scope: string, proposalId: number): Session | undefined {
    return this.#scopes.get(scope)?.sessions.get(proposalId)
  }

  #session(scope: string, proposalId: number): Session {
    const session = this.#find(scope, proposalId)
    if (session === undefined) throw refuse({ code: 'SessionNotFound', scope, proposalId })
    return session
  }

  /** Begins a session, and evicts what the scope does not keep. */
  #open<Answer>(name: string, proposalId: number, decision: Decision<Answer>, nowSec: bigint): CoreStep<Answer> {
    const step = this.#apply(name, proposalId, decision)
    const sessions = this.#scopes.get(name)?.sessions
    // ballots §6
    if (sessions === undefined || sessions.size <= this.#maxSessions) return step
    const evicted = sessionsToEvict(sessions.values(), this.#maxSessions).map(
      ({ state }): ScopedFact => ({
        scope: name,
        proposalId: state.proposalId,
        fact: { type: 'SessionEvicted', nowSec },
      }),
    )
    this.#evolveAll(evicted)
    return { ...step, facts: [...step.facts, ...evicted] }
  }

  #apply<Answer>(scope: string, proposalId: number, decision: Decision<Answer>): CoreStep<Answer> {
    const facts = decision.facts.map((fact: SessionFact): ScopedFact => ({ scope, proposalId, fact }))
    const { answer, refusal } = decision
    const effects = decision.effects.map((event) => ({ scope, event }))
    return { ...this.#evolveAll(facts), effects, answer, ...(refusal === undefined ? {} : { refusal }) }
  }

  #evolveAll(facts: readonly ScopedFact[]): CoreStep<undefined> {
    for (const fact of facts) this.evolve(fact)
    return { facts, effects: [], faults: [], answer: undefined }
  }
}

function isSessionFact(fact: BallotFact): fact is SessionFact {
  return fact.type !== 'SafeScopeConfigured' && !fact.type.startsWith('Scope')
}
