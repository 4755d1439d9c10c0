/**
 * @module engine/ballots/session-engine
 *
 * The one path for ballots: decide, evolve, append, and only then signal and publish. Commands on one session are decided
 * in the order in which they come; their appends go together.
 *
 * Guarantee: what a command answers or refuses, and what subscribers see, rests on what is durable. After a failed append
 * the session is folded from the log again, and the command is refused with the log's error. Once somebody else turns out
 * to write one of our streams, nothing is written any more: every command is refused with that error.
 */

import {
  BALLOT_SCHEMA_VERSION,
  BallotError,
  type BallotEvent,
  type Decision,
  decideTimeout,
  refuse,
  type ScopeConfig,
  type ScopeFact,
  type Session,
  type SessionFact,
  type SessionState,
} from '../../core/ballot/index.ts'
import type { Clock } from '../../ports/clock.ts'
import { type FactMetadata, LogError } from '../../ports/event-log.ts'
import type { Logger } from '../../ports/logger.ts'
import type { Random } from '../../ports/random.ts'
import { Envelopes } from '../envelope.ts'
import { InFlight } from '../in-flight.ts'
import type { Notifier } from './notifier.ts'
import { ServiceError } from './options.ts'
import type { Registry } from './registry.ts'
import { SessionActors } from './session-actors.ts'
import type { SessionHost } from './session-host.ts'

interface Parts {
  readonly registry: Registry
  readonly notifier: Notifier
  readonly clock: Clock
  readonly random: Random
  readonly logger: Logger
  readonly maxSessionsPerScope: number
}

/** What `open` decides upon. */
export interface Surroundings {
  /** The session that has this id already. */
  readonly known: Session | undefined
  readonly scopeConfig: ScopeConfig | undefined
}

const NOTHING: Decision<undefined> = { facts: [], effects: [], faults: [], answer: undefined }
/** After a deadline that could not be logged. */
const DEADLINE_RETRY_MS = 1_000

export class SessionEngine {
  readonly #parts: Parts
  readonly #envelopes: Envelopes
  readonly #actors: SessionActors
  readonly #inFlight = new InFlight()
  #isClosed = false
  #fence: LogError | undefined

  constructor(parts: Parts) {
    this.#parts = parts
    this.#envelopes = new Envelopes(parts.random, BALLOT_SCHEMA_VERSION)
    this.#actors = new SessionActors({
      notifier: parts.notifier,
      clock: parts.clock,
      hostOf: (id) => parts.registry.hostOf(id),
      deadlinePassed: (host) => void this.#deadlinePassed(host),
    })
  }

  /** Carries out a command on a session that exists. */
  run<Answer>(host: SessionHost, decide: (session: Session) => Decision<Answer>): Promise<Answer> {
    return this.#command(async () => {
      while (!host.isSound) await this.#refold(host)
      let decision: Decision<Answer>
      try {
        if (host.session.isGone) throw refuse({ code: 'SessionNotFound', ...host.key })
        decision = decide(host.session)
      } catch (refusal) {
        await this.#settle(host)
        throw refusal
      }
      await this.#commit(host, decision, this.#envelopes.next())
      if (decision.refusal !== undefined) throw decision.refusal
      return decision.answer
    })
  }

  /** Begins a session, and evicts what the scope does not keep. */
  open<Answer>(
    scope: string,
    proposalId: number,
    decide: (surroundings: Surroundings) => Decision<Answer>,
  ): Promise<Answer> {
    const { registry } = this.#parts
    return this.#command(async () => {
      for (let wait = this.#unready(scope, proposalId); wait !== undefined; wait = this.#unready(scope, proposalId))
        await wait
      const known = registry.find(scope, proposalId)
      let decision: Decision<Answer>
      try {
        decision = decide({ known: known?.session, scopeConfig: registry.findScope(scope)?.config })
      } catch (refusal) {
        if (known !== undefined) await this.#settle(known)
        throw refusal
      }
      const metadata = this.#envelopes.next()
      await this.#commit(registry.open(scope, proposalId), decision, metadata)
      await this.#evict(scope, metadata)
      return decision.answer
    })
  }

  /** What recovery found: one actor for each session that is not settled; what the scopes do not keep is evicted. */
  async start(): Promise<void> {
    const { registry } = this.#parts
    for (const host of registry.hosts) if (host.durable !== undefined) this.#actors.start(host, host.durable)
    for (const { name } of registry.scopes) await this.#command(() => this.#evict(name))
  }

  configureScope(name: string, config: ScopeConfig): Promise<void> {
    return this.#command(() =>
      this.#commitScope(name, { type: 'ScopeConfigured', config, nowSec: this.nowSec() }, this.#envelopes.next()),
    )
  }

  deleteScope(name: string): Promise<void> {
    return this.#command(async () => {
      const scope = this.#parts.registry.findScope(name)
      if (scope === undefined) return
      const metadata = this.#envelopes.next()
      const hosts = [...scope.sessions.values()].filter(({ durable }) => durable !== undefined)
      const ends = await Promise.allSettled(hosts.map((host) => this.#end(host, 'SessionDeleted', metadata)))
      for (const end of ends) if (end.status === 'rejected') throw end.reason
      if (!scope.isSound) await scope.ensureSound()
      if (scope.config === undefined) return
      await this.#commitScope(name, { type: 'ScopeDeleted', nowSec: this.nowSec() }, metadata)
    })
  }

  nowSec(): bigint {
    return BigInt(Math.floor(this.#parts.clock.nowMs() / 1_000))
  }

  get isClosed(): boolean {
    return this.#isClosed
  }

  /** Takes no more commands, and resolves when those under way are done. */
  async close(): Promise<void> {
    this.#isClosed = true
    this.#actors.close()
    await this.#inFlight.none()
    for (const host of this.#parts.registry.hosts) host.stop()
  }

  async #command<T>(work: () => Promise<T>): Promise<T> {
    if (this.#isClosed) throw new ServiceError({ code: 'ServiceClosed' }, 'the service is closed')
    if (this.#fence !== undefined) throw this.#fence
    this.#inFlight.begin()
    try {
      return await work()
    } finally {
      this.#inFlight.end()
    }
  }

  /** What must be waited for before a session of this id can be decided upon. */
  #unready(scopeName: string, proposalId: number): Promise<void> | undefined {
    const scope = this.#parts.registry.findScope(scopeName)
    if (scope?.isSound === false) return scope.ensureSound()
    const known = scope?.sessions.get(proposalId)
    if (known === undefined) return undefined
    if (!known.isSound) return this.#refold(known)
    // Its end is under way.
    return known.session.isGone ? this.#settle(known) : undefined
  }

  /** Appends, then signals and publishes. */
  async #commit(host: SessionHost, { facts, effects }: Decision<unknown>, metadata: FactMetadata): Promise<void> {
    let state: SessionState
    try {
      // Without facts of its own the answer still rests on what is under way before it.
      state = await host.commit(facts, metadata)
    } catch (error) {
      await this.#recoverFrom(host, error)
      throw error
    }
    this.#became(host, facts, state)
    for (const event of effects) this.#parts.notifier.event(host.key.scope, event)
  }

  /** A refusal, too, rests on what is under way before it. */
  async #settle(host: SessionHost): Promise<void> {
    try {
      await host.settled()
    } catch (error) {
      await this.#recoverFrom(host, error)
      throw error
    }
  }

  async #commitScope(name: string, fact: ScopeFact, metadata: FactMetadata): Promise<void> {
    const { registry } = this.#parts
    let scope = registry.scope(name)
    while (!scope.isSound) {
      await scope.ensureSound()
      scope = registry.scope(name)
    }
    try {
      await scope.commit(fact, metadata)
    } catch (error) {
      if (scope.writer.isFenced) this.#stopWriting(scope.writer.failure)
      registry.dropIfEmpty(scope)
      throw error
    }
  }

  /** ballots §6: the newest are kept. An eviction that cannot be written now is made up for at the next chance. */
  async #evict(scopeName: string, causedBy?: FactMetadata): Promise<void> {
    const { registry, logger, maxSessionsPerScope } = this.#parts
    const scope = registry.findScope(scopeName)
    const ends: Promise<void>[] = []
    for (
      let kept = scope?.takeExcess(maxSessionsPerScope);
      kept !== undefined;
      kept = scope?.takeExcess(maxSessionsPerScope)
    ) {
      const { host } = kept
      const putBack = (): void => scope?.putBack(kept)
      ends.push(
        this.#end(host, 'SessionEvicted', causedBy).catch((error: unknown) => {
          putBack()
          logger.warn({ stream: host.id, error }, 'a session could not be evicted')
        }),
      )
    }
    await Promise.all(ends)
  }

  async #end(host: SessionHost, type: 'SessionEvicted' | 'SessionDeleted', causedBy?: FactMetadata): Promise<void> {
    while (!host.isSound) await this.#refold(host)
    if (host.session.isGone) return this.#settle(host)
    const fact: SessionFact = { type, nowSec: this.nowSec() }
    await this.#commit(host, { ...NOTHING, facts: [fact] }, this.#envelopes.next(causedBy))
  }

  #became(host: SessionHost, facts: readonly SessionFact[], state: SessionState): void {
    const { registry, notifier } = this.#parts
    if (facts.some(({ type }) => type === 'ProposalCreated' || type === 'ProposalReceived'))
      registry.scope(host.key.scope).keep(host, state.createdAtSec)
    this.#actors.follow(host, facts, state)
    if (!state.isGone) return
    registry.drop(host)
    notifier.end(host.id)
  }

  /** Facts that are written although their append failed: their command is refused, and its consequences are drawn. */
  cameToLight(host: SessionHost, facts: readonly SessionFact[], state: SessionState): void {
    this.#became(host, facts, state)
    for (const fact of facts) {
      const event = eventOf(host.key.proposalId, fact)
      if (event !== undefined) this.#parts.notifier.event(host.key.scope, event)
    }
  }

  async #recoverFrom(host: SessionHost, error: unknown): Promise<void> {
    const { logger } = this.#parts
    logger.error({ stream: host.id, error }, 'an append failed; the session is rebuilt from the log')
    if (host.writer.isFenced) this.#stopWriting(host.writer.failure)
    try {
      await this.#refold(host)
    } catch (reason) {
      logger.error({ stream: host.id, error: reason }, 'the log cannot be read either; the next command tries again')
    }
  }

  async #refold(host: SessionHost): Promise<void> {
    await host.ensureSound()
    if (host.durable === undefined) this.#parts.registry.drop(host)
  }

  #stopWriting(error: unknown): void {
    if (this.#fence !== undefined || !(error instanceof LogError)) return
    this.#fence = error
    this.#parts.logger.error({ error }, 'another process writes with this identity; nothing is written any more')
    this.#actors.close()
  }

  /** The clock's word that a deadline passed is a command like any other. */
  async #deadlinePassed(host: SessionHost): Promise<void> {
    const { clock, logger } = this.#parts
    const nowSec = this.nowSec()
    try {
      await this.run(host, (session) => {
        const { status, deadlineSec } = session.state
        // Settled by what is on its way to the log.
        if (status !== 'active') return NOTHING
        return decideTimeout(session, nowSec < deadlineSec ? deadlineSec : nowSec)
      })
    } catch (error) {
      // That no decision was reached is an outcome, published as such.
      if (error instanceof BallotError || error instanceof ServiceError) return
      logger.warn({ stream: host.id, error }, 'a deadline passed, and cannot be logged')
      this.#actors.armAgain(host, clock.nowMs() + DEADLINE_RETRY_MS)
    }
  }
}

function eventOf(proposalId: number, fact: SessionFact): BallotEvent | undefined {
  if (fact.type === 'ConsensusReached')
    return { type: 'ConsensusReached', proposalId, result: fact.result, timestamp: fact.nowSec }
  if (fact.type === 'ConsensusFailed') return { type: 'ConsensusFailed', proposalId, timestamp: fact.nowSec }
  return undefined
}
