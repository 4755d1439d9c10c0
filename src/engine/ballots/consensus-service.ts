/**
 * @module engine/ballots/consensus-service
 *
 * Ballots as a service (ballots §7): every accepted command appends its facts before it is answered or published, every
 * session is an actor, and all of it is rebuilt from the log.
 *
 * A caller owes: `await recover()` before the first command on a log that holds facts; `close()` at the end. Refusals are
 * `BallotError`s, unreadable bytes a `DecodeError`, failures of the log a `LogError`.
 */

import type { Observable } from 'rxjs'
import { toHex } from '../../base/text.ts'
import {
  type ConsensusConfig,
  ConsensusConfigBuilder,
  DEFAULT_SCOPE_CONFIG,
  type Decision,
  decideCreation,
  decideIncomingProposal,
  decideIncomingVote,
  decideOwnVote,
  decideTimeout,
  decodeProposal,
  decodeVote,
  idFromUuid,
  outcomeOf,
  type Proposal,
  type ProposalRequest,
  refuse,
  type ScopeConfig,
  ScopeConfigBuilder,
  type SessionState,
  toConsensusConfig,
  uuidV4,
  type Verify,
  type Vote,
  verificationOf,
} from '../../core/ballot/index.ts'
import type { EventLog } from '../../ports/event-log.ts'
import type { Random } from '../../ports/random.ts'
import type { Signer, Verdict } from '../../ports/signature-scheme.ts'
import { NoticeQueue } from '../notices.ts'
import { VerificationQueue } from '../verification.ts'
import { Notifier, type ScopedEvent } from './notifier.ts'
import { type ConsensusServiceOptions, ServiceError, withDefaults } from './options.ts'
import { type ScopeStats, SessionQueries } from './queries.ts'
import { Registry } from './registry.ts'
import type { ScopeHost } from './scope-host.ts'
import { SessionEngine } from './session-engine.ts'
import type { SessionHost } from './session-host.ts'

export interface CallOptions {
  /** The time of the call, in seconds since the Unix epoch. Default: the clock's. */
  readonly nowSec?: bigint
}

export interface DrawOptions extends CallOptions {
  /** The id to use instead of a random one. */
  readonly id?: number
}

/** How often a drawn id may exist already before something is wrong with the randomness. */
const MAX_DRAWS = 100

/** What services over one storage have in common. */
interface Shared {
  readonly log: EventLog
  readonly random: Random
  readonly registry: Registry
  readonly notifier: Notifier
  readonly engine: SessionEngine
  readonly verification: VerificationQueue
  isClosed: boolean
}

function assemble(signer: Signer, options: Omit<Required<ConsensusServiceOptions>, 'signer'>): Shared {
  const { log, random } = options
  const registry = new Registry(log, toHex(signer.identity))
  const notifier = new Notifier(new NoticeQueue())
  const engine = new SessionEngine({ ...options, registry, notifier })
  const verification = new VerificationQueue(signer.scheme)
  return { log, random, registry, notifier, engine, verification, isClosed: false }
}

export class ConsensusService {
  readonly #signer: Signer
  readonly #log: EventLog
  readonly #random: Random
  readonly #registry: Registry
  readonly #notifier: Notifier
  readonly #engine: SessionEngine
  readonly #verification: VerificationQueue
  readonly #queries: SessionQueries
  readonly #shared: Shared

  /** Every event of every scope, from now on (ballots §7). */
  readonly decisions$: Observable<ScopedEvent>
  /** The state of each session whenever it changes. */
  readonly sessions$: Observable<SessionState>

  constructor(options: ConsensusServiceOptions = {}, original?: ConsensusService) {
    const { signer, ...rest } = withDefaults(options)
    const shared = original === undefined ? assemble(signer, rest) : original.#shared
    this.#signer = signer
    this.#shared = shared
    this.#log = shared.log
    this.#random = shared.random
    this.#registry = shared.registry
    this.#notifier = shared.notifier
    this.#engine = shared.engine
    this.#verification = shared.verification
    this.#queries = new SessionQueries(shared.registry)
    this.decisions$ = shared.notifier.decisions$
    this.sessions$ = shared.notifier.sessions$
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
    return new ConsensusService({ signer }, this)
  }

  /** Our identity: the owner of our votes. */
  get identity(): Uint8Array {
    return this.#signer.identity
  }

  /** Rebuilds everything from the log and arms deadlines again; those that passed meanwhile pass now. */
  async recover(options: { readonly signal?: AbortSignal } = {}): Promise<{ readonly facts: number }> {
    this.#checkOpen()
    const facts = await this.#registry.recover(options.signal)
    for (const host of this.#registry.hosts) this.#engine.start(host)
    for (const scope of this.#registry.scopes) await this.#engine.evict(scope)
    return { facts }
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
    this.#checkOpen()
    const nowSec = options.nowSec ?? this.#engine.nowSec()
    const host = this.#registry.scope(scope)
    const id = options.id ?? this.#drawId(host)
    const decision = decideCreation(scope, request, id, { scopeConfig: host.config, override }, nowSec)
    if (host.sessions.has(id)) throw refuse({ code: 'ProposalAlreadyExist', scope, proposalId: id })
    await this.#engine.open(host, id, decision)
    return decision.answer
  }

  /** Signs, logs and returns our vote; send it to the others. After a crash the same vote is returned, never another. */
  castVote(scope: string, proposalId: number, choice: boolean, options: DrawOptions = {}): Promise<Vote> {
    const nowSec = options.nowSec ?? this.#engine.nowSec()
    const voteId = options.id ?? idFromUuid(uuidV4(this.#random.bytes(16)))
    return this.#run(scope, proposalId, ({ session }) =>
      decideOwnVote(session, { voteId, choice, nowSec }, this.#signer),
    )
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
    this.#checkOpen()
    const proposal = message instanceof Uint8Array ? decodeProposal(message) : message
    const nowSec = options.nowSec ?? this.#engine.nowSec()
    const requests = proposal.votes.map(verificationOf)
    await this.#verification
      .run(requests, (verdicts) => {
        const host = this.#registry.scope(scope)
        const known = host.sessions.get(proposal.proposalId)?.session
        const circumstances = {
          nowSec,
          verify: verifierFrom(proposal.votes, verdicts),
          schemeName: this.#signer.scheme.name,
        }
        const decision = decideIncomingProposal(scope, proposal, known, host.config, circumstances)
        return { opened: this.#engine.open(host, proposal.proposalId, decision) }
      })
      .then(({ opened }) => opened)
  }

  /** A vote from the network: the message, or its bytes. */
  async processIncomingVote(scope: string, message: Vote | Uint8Array, options: CallOptions = {}): Promise<void> {
    this.#checkOpen()
    const vote = message instanceof Uint8Array ? decodeVote(message) : message
    const nowSec = options.nowSec ?? this.#engine.nowSec()
    const { scheme } = this.#signer
    // Nothing is spent on the signature of a vote for what we do not know.
    this.#find(scope, vote.proposalId)
    await this.#verification
      .run([verificationOf(vote)], (verdicts) => {
        const circumstances = { nowSec, verify: verifierFrom([vote], verdicts), schemeName: scheme.name }
        return {
          done: this.#run(scope, vote.proposalId, ({ session }) => decideIncomingVote(session, vote, circumstances)),
        }
      })
      .then(({ done }) => done)
  }

  /** The engine does this itself at each deadline; it may be done at any time besides (ballots §5). */
  async handleConsensusTimeout(scope: string, proposalId: number, options: CallOptions = {}): Promise<boolean> {
    const nowSec = options.nowSec ?? this.#engine.nowSec()
    const result = await this.#run(scope, proposalId, ({ session }) => decideTimeout(session, nowSec))
    return result === true
  }

  /** Settings of a scope; `initialize()` or `update()` at the end checks and stores them. */
  scope(name: string): ScopeConfigBuilder<Promise<void>> {
    return new ScopeConfigBuilder(this.#registry.findScope(name)?.config, async (config) => {
      this.#checkOpen()
      const fact = { type: 'ScopeConfigured', config, nowSec: this.#engine.nowSec() } as const
      await this.#registry.scope(name).commit(fact, this.#engine.nextEnvelope())
    })
  }

  /** A builder of an explicit configuration for `createProposalWithConfig`. */
  configFrom(base: ConsensusConfig | ScopeConfig = DEFAULT_SCOPE_CONFIG): ConsensusConfigBuilder {
    return new ConsensusConfigBuilder(toConsensusConfig(base))
  }

  /** Forgets its sessions and its configuration; their facts stay in the log. */
  async deleteScope(name: string): Promise<void> {
    this.#checkOpen()
    const scope = this.#registry.findScope(name)
    if (scope === undefined) return
    const metadata = this.#engine.nextEnvelope()
    const sessions = [...scope.sessions.values()].filter((host) => host.durable !== undefined && !host.session.isGone)
    await Promise.all(sessions.map((host) => this.#engine.end(host, 'SessionDeleted', metadata)))
    if (scope.config !== undefined)
      await scope.commit({ type: 'ScopeDeleted', nowSec: this.#engine.nowSec() }, metadata)
  }

  /** true or false; otherwise ConsensusNotReached, ConsensusFailed or SessionNotFound is thrown. */
  getConsensusResult(scope: string, proposalId: number): boolean {
    return this.#queries.result(scope, proposalId)
  }

  getProposal(scope: string, proposalId: number): Proposal {
    return this.#queries.proposal(scope, proposalId)
  }

  getProposalConfig(scope: string, proposalId: number): ConsensusConfig {
    return this.#queries.state(scope, proposalId).config
  }

  getActiveProposals(scope: string): Proposal[] {
    return this.#queries.active(scope)
  }

  /** Results of the decided proposals by id. */
  getReachedProposals(scope: string): Map<number, boolean> {
    return this.#queries.reached(scope)
  }

  getScopeConfig(scope: string): ScopeConfig | undefined {
    return this.#registry.findScope(scope)?.config
  }

  getScopeStats(scope: string): ScopeStats {
    return this.#queries.stats(scope)
  }

  /** Scopes that hold sessions. */
  listScopes(): string[] {
    return this.#queries.scopes()
  }

  /** true or false, then complete; null for a failure that a decision may still follow. */
  outcome$(scope: string, proposalId: number): Observable<boolean | null> {
    const host = this.#find(scope, proposalId)
    return this.#notifier.outcomeOf$(host.id, () => (host.durable === undefined ? undefined : outcomeOf(host.durable)))
  }

  /** What is stored: the log itself, and the frozen state of each session, in order of arrival. */
  storage(): {
    readonly log: EventLog
    session(scope: string, proposalId: number): SessionState
    sessions(scope: string): SessionState[]
  } {
    return {
      log: this.#log,
      session: (scope, proposalId) => this.#queries.state(scope, proposalId),
      sessions: (scope) => this.#queries.states(scope),
    }
  }

  /** The reference's name for `decisions$`. */
  eventBus(): Observable<ScopedEvent> {
    return this.decisions$
  }

  /** Ends deadlines and observables once appends under way are done. The log is its owner's to close. */
  async close(): Promise<void> {
    if (this.#shared.isClosed) return
    this.#shared.isClosed = true
    this.#engine.close()
    await Promise.all([...this.#registry.hosts].map((host) => host.writer.settled()))
    for (const host of this.#registry.hosts) host.stop()
    this.#notifier.close()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close()
  }

  async #run<Answer>(
    scope: string,
    proposalId: number,
    decide: (host: SessionHost) => Decision<Answer>,
  ): Promise<Answer> {
    this.#checkOpen()
    return this.#engine.run(this.#find(scope, proposalId), decide)
  }

  #find(scope: string, proposalId: number): SessionHost {
    const host = this.#registry.find(scope, proposalId)
    if (host === undefined || host.session.isGone) throw refuse({ code: 'SessionNotFound', scope, proposalId })
    return host
  }

  #drawId(scope: ScopeHost): number {
    for (let draws = 0; draws < MAX_DRAWS; draws += 1) {
      const id = idFromUuid(uuidV4(this.#random.bytes(16)))
      // ballots §6: an id that exists is drawn again.
      if (!scope.sessions.has(id)) return id
    }
    throw new ServiceError(
      { code: 'ProposalIdsExhausted', scope: scope.name },
      `${MAX_DRAWS} random ids in a row exist already: the randomness is broken`,
    )
  }

  #checkOpen(): void {
    if (this.#shared.isClosed) throw new ServiceError({ code: 'ServiceClosed' }, 'the service is closed')
  }
}

/** A service of its own: without options, a memory log and a fresh key. */
export function createConsensusService(options: ConsensusServiceOptions = {}): ConsensusService {
  return new ConsensusService(options)
}

function verifierFrom(votes: readonly Vote[], verdicts: readonly Verdict[]): Verify {
  return (vote) => verdicts[votes.indexOf(vote)] ?? 'malformed'
}
