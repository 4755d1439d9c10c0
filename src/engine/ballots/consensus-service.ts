/**
 * @module engine/ballots/consensus-service
 *
 * Ballots as a service (ballots §7): every accepted command appends its facts before it is answered or published, every
 * session is an actor, and all of it is rebuilt from the log.
 *
 * A caller owes: `await recover()` before the first command on a log that holds facts; `close()` at the end. Refusals are
 * `BallotError`s, unreadable bytes a `DecodeError`, failures of the log a `LogError`.
 */

import { filter, type Observable } from 'rxjs'
import { assert } from '../../base/errors.ts'
import {
  type ConsensusConfig,
  ConsensusConfigBuilder,
  DEFAULT_SCOPE_CONFIG,
  type Decision,
  DecodeError,
  decideCreation,
  decideIncomingProposal,
  decideIncomingVote,
  decideOwnVote,
  decideTimeout,
  decodeProposal,
  decodeVote,
  idFromUuid,
  type Proposal,
  type ProposalRequest,
  refuse,
  type ScopeConfig,
  Session,
  type SessionState,
  toConsensusConfig,
  uuidV4,
  type Verify,
  type Vote,
  verificationOf,
  verifierOf,
} from '../../core/ballot/index.ts'
import type { EventLog } from '../../ports/event-log.ts'
import type { Signer, Verdict } from '../../ports/signature-scheme.ts'
import { type Assembly, assemble } from './assembly.ts'
import type { HostedSession } from './hosted.ts'
import type { ScopedEvent } from './notifier.ts'
import { type ConsensusServiceOptions, ServiceError, withDefaults } from './options.ts'
import type { ScopeStats } from './queries.ts'
import { Ballots } from './safe/ballots.ts'
import type { BallotOrder } from './safe/order.ts'
import type { BallotScope } from './safe/scope.ts'

export interface CallOptions {
  /** The time of the call, in seconds since the Unix epoch. Default: the clock's. */
  readonly nowSec?: bigint
}

export interface DrawOptions extends CallOptions {
  /** The id to use instead of a random one. */
  readonly id?: number
}

/** Of a vote that comes alone, so that many votes fit into one append. */
const MAX_VOTE_BYTES = 64 * 1024
/** How often a drawn id may exist already before something is wrong with the randomness. */
const MAX_DRAWS = 100

export class ConsensusService {
  readonly #signer: Signer
  readonly #parts: Assembly
  readonly #order: BallotOrder | undefined

  /** Ballots of the policy `safe`: scopes, decisions, evidence, and what the other peers need. */
  readonly ballots: Ballots
  /** Every event of every `compatible` scope, from now on (ballots §7). */
  readonly decisions$: Observable<ScopedEvent>
  /** The state of each session whenever it changes. */
  readonly sessions$: Observable<SessionState>

  /** `shared`: over the storage of another service, or of a peer of a group with its `order`. */
  constructor(options: ConsensusServiceOptions = {}, shared?: Assembly, order?: BallotOrder) {
    const { signer, ...rest } = withDefaults(options)
    this.#signer = signer
    this.#order = order
    this.#parts = shared ?? assemble(signer, rest)
    this.ballots = new Ballots(this.#parts, signer, order)
    this.decisions$ = this.#parts.notifier.decisions$
    this.sessions$ = this.#parts.notifier.sessions$
  }

  /**
   * Another key of the same scheme over the same storage and observables (ballots §7): both see every session, and the
   * votes of each are its own. Closing one closes both.
   */
  withSigner(signer: Signer): ConsensusService {
    const scheme = this.#signer.scheme.name
    if (signer.scheme.name !== scheme) {
      throw new ServiceError(
        { code: 'InvalidOption', option: 'signer', value: signer.scheme.name },
        `the sessions are of the scheme ${scheme}, the key is of ${signer.scheme.name}`,
      )
    }
    return new ConsensusService({ signer }, this.#parts, this.#order)
  }

  /** Our identity: the owner of our votes. */
  get identity(): Uint8Array {
    return this.#signer.identity
  }

  /** Rebuilds everything from the log and arms deadlines again; those that passed meanwhile pass now. */
  async recover(options: { readonly signal?: AbortSignal } = {}): Promise<{ readonly facts: number }> {
    this.#checkOpen()
    try {
      const facts = await this.#parts.registry.recover(options.signal)
      await this.#parts.engine.start()
      return { facts }
    } catch (error) {
      // Half a history is none.
      this.#parts.registry.clear()
      throw error
    }
  }

  createProposal(scope: string, request: ProposalRequest, options: DrawOptions = {}): Promise<Proposal> {
    return this.createProposalWithConfig(scope, request, undefined, options)
  }

  /** `override` replaces what the scope says (ballots §6). */
  async createProposalWithConfig(
    scope: string,
    request: ProposalRequest,
    override: ConsensusConfig | undefined,
    options: DrawOptions = {},
  ): Promise<Proposal> {
    const nowSec = options.nowSec ?? this.#parts.engine.nowSec()
    const id = options.id ?? this.#drawId(scope)
    return this.#parts.engine.open(scope, id, ({ known, scope: host }) => {
      const decision = decideCreation(scope, request, id, { scopeConfig: host?.config, override }, nowSec)
      if (known !== undefined) throw refuse({ code: 'ProposalAlreadyExist', scope, proposalId: id })
      return decision
    })
  }

  /** Signs, logs and returns our vote; send it to the others. After a crash the same vote is returned, never another. */
  castVote(scope: string, proposalId: number, choice: boolean, options: DrawOptions = {}): Promise<Vote> {
    const nowSec = options.nowSec ?? this.#parts.engine.nowSec()
    const voteId = options.id ?? idFromUuid(uuidV4(this.#parts.random.bytes(16)))
    return this.#run(scope, proposalId, (session) => decideOwnVote(session, { voteId, choice, nowSec }, this.#signer))
  }

  async castVoteAndGetProposal(
    scope: string,
    proposalId: number,
    choice: boolean,
    options: DrawOptions = {},
  ): Promise<Proposal> {
    await this.castVote(scope, proposalId, choice, options)
    return this.getProposal(scope, proposalId)
  }

  /** A proposal from the network: the message, or its bytes. */
  async processIncomingProposal(
    scope: string,
    message: Proposal | Uint8Array,
    options: CallOptions = {},
  ): Promise<void> {
    const proposal = message instanceof Uint8Array ? decodeProposal(message) : message
    const nowSec = options.nowSec ?? this.#parts.engine.nowSec()
    const schemeName = this.#signer.scheme.name
    const requests = proposal.votes.map(verificationOf)
    await this.#parts.verification.run(requests, (verdicts) => {
      const circumstances = { nowSec, verify: verifierFrom(proposal.votes, verdicts), schemeName }
      return this.#parts.engine.open(scope, proposal.proposalId, ({ known, scope: host }) =>
        decideIncomingProposal(scope, proposal, compatible(known), host?.config, circumstances),
      )
    })
  }

  /** A vote from the network: the message, or its bytes. */
  async processIncomingVote(scope: string, message: Vote | Uint8Array, options: CallOptions = {}): Promise<void> {
    const vote = message instanceof Uint8Array ? decodeVote(message, MAX_VOTE_BYTES) : message
    checkSize(vote)
    const nowSec = options.nowSec ?? this.#parts.engine.nowSec()
    const { scheme } = this.#signer
    // Nothing is spent on the signature of a vote for what we do not know; its proposal may be right before it, though.
    const isKnown = this.#parts.registry.find(scope, vote.proposalId) !== undefined
    await this.#parts.verification.run(isKnown ? [verificationOf(vote)] : [], ([verdict]) => {
      const verify: Verify = verdict === undefined ? verifierOf(scheme) : () => verdict
      const circumstances = { nowSec, verify, schemeName: scheme.name }
      return this.#run(scope, vote.proposalId, (session) => decideIncomingVote(session, vote, circumstances))
    })
  }

  /** The engine does this itself at each deadline; it may be done at any time besides (ballots §5). */
  async handleConsensusTimeout(scope: string, proposalId: number, options: CallOptions = {}): Promise<boolean> {
    const nowSec = options.nowSec ?? this.#parts.engine.nowSec()
    const result = await this.#run(scope, proposalId, (session) => decideTimeout(session, nowSec))
    return result === true
  }

  /**
   * A scope. Its `propose` makes it `safe` (ballots §8); `initialize()` or `update()` at the end of its builder checks and
   * stores settings of the policy `compatible`, as the calls of this service do that are named like the reference's.
   */
  scope(name: string): BallotScope {
    return this.ballots.scope(name)
  }

  /** A builder of an explicit configuration for `createProposalWithConfig`. */
  configFrom(base: ConsensusConfig | ScopeConfig = DEFAULT_SCOPE_CONFIG): ConsensusConfigBuilder {
    return new ConsensusConfigBuilder(toConsensusConfig(base))
  }

  /** Forgets its sessions and its configuration; their facts stay in the log. */
  deleteScope(name: string): Promise<void> {
    return this.#parts.engine.deleteScope(name)
  }

  /** true or false; otherwise ConsensusNotReached, ConsensusFailed or SessionNotFound is thrown. */
  getConsensusResult(scope: string, proposalId: number): boolean {
    return this.#parts.queries.result(scope, proposalId)
  }

  getProposal(scope: string, proposalId: number): Proposal {
    return this.#parts.queries.proposal(scope, proposalId)
  }

  getProposalConfig(scope: string, proposalId: number): ConsensusConfig {
    return this.#parts.queries.state(scope, proposalId).config
  }

  getActiveProposals(scope: string): Proposal[] {
    return this.#parts.queries.active(scope)
  }

  /** Results of the decided proposals by id. */
  getReachedProposals(scope: string): Map<number, boolean> {
    return this.#parts.queries.reached(scope)
  }

  getScopeConfig(scope: string): ScopeConfig | undefined {
    return this.#parts.registry.findScope(scope)?.config
  }

  getScopeStats(scope: string): ScopeStats {
    return this.#parts.queries.stats(scope)
  }

  /** Scopes that hold sessions. */
  listScopes(): string[] {
    return this.#parts.queries.scopes()
  }

  /** true or false, then complete; null for a failure that a decision may still follow. Late subscribers are told, too. */
  outcome$(scope: string, proposalId: number): Observable<boolean | null> {
    const host = this.#parts.queries.host(scope, proposalId)
    return this.#parts.notifier
      .outcomeOf$(host.id, () => host.durable)
      .pipe(filter((outcome) => typeof outcome !== 'string'))
  }

  /** What is stored: the log itself, and the frozen state of each session, in order of arrival. */
  storage(): {
    readonly log: EventLog
    session(scope: string, proposalId: number): SessionState
    sessions(scope: string): SessionState[]
  } {
    return {
      log: this.#parts.log,
      session: (scope, proposalId) => this.#parts.queries.state(scope, proposalId),
      sessions: (scope) => this.#parts.queries.states(scope),
    }
  }

  /** The reference's name for `decisions$`. */
  eventBus(): Observable<ScopedEvent> {
    return this.decisions$
  }

  /** Ends deadlines and observables once commands under way are done. The log is its owner's to close. */
  close(): Promise<void> {
    return this.#parts.engine.close().then(() => this.#parts.notifier.close())
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close()
  }

  #run<Answer>(scope: string, proposalId: number, decide: (session: Session) => Decision<Answer>): Promise<Answer> {
    const host = this.#parts.registry.find(scope, proposalId)
    if (host === undefined) return this.#refuseUnknown(scope, proposalId)
    return this.#parts.engine.run(host, (session) => decide(compatible(session) as Session))
  }

  async #refuseUnknown(scope: string, proposalId: number): Promise<never> {
    this.#checkOpen()
    throw refuse({ code: 'SessionNotFound', scope, proposalId })
  }

  #drawId(scope: string): number {
    const sessions = this.#parts.registry.findScope(scope)?.sessions
    for (let draws = 0; draws < MAX_DRAWS; draws += 1) {
      const id = idFromUuid(uuidV4(this.#parts.random.bytes(16)))
      // ballots §6: an id that exists is drawn again.
      if (sessions?.has(id) !== true) return id
    }
    throw new ServiceError(
      { code: 'ProposalIdsExhausted', scope },
      `${MAX_DRAWS} random ids in a row exist already: the randomness is broken`,
    )
  }

  #checkOpen(): void {
    if (this.#parts.engine.isClosed) throw new ServiceError({ code: 'ServiceClosed' }, 'the service is closed')
  }
}

/** What has a number for its id is of the policy `compatible`. */
function compatible(session: HostedSession | undefined): Session | undefined {
  assert(session === undefined || session instanceof Session, 'a session with a number is of the policy compatible')
  return session
}

/** A service of its own: without options, a memory log and a fresh key. */
export function createConsensusService(options: ConsensusServiceOptions = {}): ConsensusService {
  return new ConsensusService(options)
}

function checkSize({ voteOwner, parentHash, receivedHash, voteHash, signature }: Vote): void {
  const bytes = voteOwner.length + parentHash.length + receivedHash.length + voteHash.length + signature.length
  if (bytes <= MAX_VOTE_BYTES) return
  throw new DecodeError(
    { code: 'MessageTooLarge', bytes, maxBytes: MAX_VOTE_BYTES },
    `a vote of ${bytes} bytes; at most ${MAX_VOTE_BYTES} are taken`,
  )
}

function verifierFrom(votes: readonly Vote[], verdicts: readonly Verdict[]): Verify {
  const verdictOf = new Map(votes.map((vote, place) => [vote, verdicts[place]]))
  return (vote) => verdictOf.get(vote) ?? 'malformed'
}
