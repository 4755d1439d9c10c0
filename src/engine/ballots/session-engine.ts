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

import { BALLOT_SCHEMA_VERSION, BallotError, type BallotEvent, type ScopeFact, safe } from '../../core/ballot/index.ts'
import type { Clock } from '../../ports/clock.ts'
import { type FactMetadata, LogError } from '../../ports/event-log.ts'
import type { Logger } from '../../ports/logger.ts'
import type { Random } from '../../ports/random.ts'
import { Envelopes } from '../envelope.ts'
import { InFlight } from '../in-flight.ts'
import {
  type Command,
  endOf,
  type HostedFact,
  type HostedSession,
  type HostedState,
  isSafeState,
  NO_COMMAND,
  notFound,
  type ProposalKey,
  timeout,
} from './hosted.ts'
import type { Notifier } from './notifier.ts'
import { ServiceError } from './options.ts'
import type { Registry } from './registry.ts'
import type { Policy, ScopeHost } from './scope-host.ts'
import { SessionActors } from './session-actors.ts'
import type { SessionHost } from './session-host.ts'

interface Parts {
  readonly registry: Registry
  readonly notifier: Notifier
  readonly clock: Clock
  readonly random: Random
  readonly logger: Logger
  readonly maxSessionsPerScope: number
  /** The deadline of a session passed, after what it says of itself is logged. */
  readonly deadlinePassed?: () => void
  /** Somebody else writes one of our streams: nothing is written any more. */
  readonly fenced?: (error: LogError) => void
}

/** What `open` decides upon. */
export interface Surroundings {
  /** The session that has this id already. */
  readonly known: HostedSession | undefined
  readonly scope: ScopeHost | undefined
}

/** Expired sessions whose votes stay in memory (ballots §8.10). */
const MAX_EXPIRED_LOADED = 100
/** After a deadline that could not be logged. */
const DEADLINE_RETRY_MS = 1_000

export class SessionEngine {
  readonly #parts: Parts
  readonly #envelopes: Envelopes
  readonly #actors: SessionActors
  readonly #inFlight = new InFlight()
  readonly #deletions = new Map<string, Promise<void>>()
  /** Expired sessions whose votes are in memory, in the order of their last change. */
  readonly #expired = new Set<SessionHost>()
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
  async run<Answer>(host: SessionHost, decide: (session: HostedSession) => Command<Answer>): Promise<Answer> {
    this.#begin()
    try {
      while (!host.isSound) await this.#refold(host)
      let decision: Command<Answer>
      try {
        if (host.session.isGone) throw notFound(host.key.scope, host.key.proposalId)
        decision = decide(host.session)
      } catch (refusal) {
        await this.#settle(host)
        throw refusal
      }
      await this.#commit(host, decision, this.#envelopes.next())
      if (decision.refusal !== undefined) throw decision.refusal
      return decision.answer
    } finally {
      this.#inFlight.end()
    }
  }

  /** Begins a session, and evicts what the scope does not keep. */
  open<Answer>(
    scope: string,
    proposalId: ProposalKey,
    decide: (surroundings: Surroundings) => Command<Answer>,
  ): Promise<Answer> {
    const { registry } = this.#parts
    return this.#command(async () => {
      for (let wait = this.#unready(scope, proposalId); wait !== undefined; wait = this.#unready(scope, proposalId))
        await wait
      const known = registry.find(scope, proposalId)
      let decision: Command<Answer>
      try {
        this.checkPolicy(scope, typeof proposalId === 'number' ? 'compatible' : 'safe')
        decision = decide({ known: known?.session, scope: registry.findScope(scope) })
      } catch (refusal) {
        if (known !== undefined) await this.#settle(known)
        throw refusal
      }
      const metadata = this.#envelopes.next()
      // Known already, and that is no error (`safe`).
      if (decision.facts.length === 0) return decision.answer
      await this.#commit(registry.open(scope, proposalId), decision, metadata)
      await this.#evict(scope, metadata)
      return decision.answer
    })
  }

  /** What recovery found: one actor for each session that is not settled; what the scopes do not keep is evicted. */
  async start(): Promise<void> {
    const { registry } = this.#parts
    for (const host of registry.hosts) if (host.durable !== undefined) this.#actors.start(host, host.durable)
    for (const { name, isBeingDeleted } of registry.scopes) {
      if (isBeingDeleted) await this.deleteScope(name)
      else await this.#command(() => this.#evict(name))
    }
  }

  /** Throws `PolicyMixed` where the scope holds something of the other policy. */
  checkPolicy(name: string, policy: Policy): void {
    const actual = this.#parts.registry.findScope(name)?.policy ?? policy
    if (actual === policy) return
    throw new ServiceError(
      { code: 'PolicyMixed', scope: name, policy: actual },
      `the scope ${JSON.stringify(name)} is of the policy ${actual}; what is asked for is of the policy ${policy}. The two are never mixed: use another scope, or delete this one first`,
    )
  }

  /** `fact` is made of the settings that hold when its turn comes. */
  configureScope(name: string, policy: Policy, fact: (scope: ScopeHost | undefined) => ScopeFact): Promise<void> {
    return this.#command(async () => {
      const { registry } = this.#parts
      while (registry.findScope(name)?.isBeingDeleted === true) await this.#delete(name)
      this.checkPolicy(name, policy)
      await this.#commitScope(name, fact(registry.findScope(name)), this.#envelopes.next())
      this.#parts.notifier.declared(name)
    })
  }

  deleteScope(name: string): Promise<void> {
    return this.#command(() => this.#delete(name))
  }

  /** One deletion of a scope at a time; nothing is opened in it meanwhile. */
  #delete(name: string): Promise<void> {
    const underWay = this.#deletions.get(name)
    if (underWay !== undefined) return underWay
    const deletion = this.#deleteNow(name).finally(() => this.#deletions.delete(name))
    this.#deletions.set(name, deletion)
    return deletion
  }

  async #deleteNow(name: string): Promise<void> {
    const scope = this.#parts.registry.findScope(name)
    if (scope === undefined) return
    const metadata = this.#envelopes.next()
    const hosts = [...scope.sessions.values()].filter(({ durable }) => durable !== undefined)
    if (!scope.isSound) await scope.ensureSound()
    const isConfigured = (scope.config ?? scope.safeSettings) !== undefined
    // Several streams: a crash between them must not leave half a scope.
    if (hosts.length + (isConfigured ? 1 : 0) > 1 && !scope.isBeingDeleted) {
      await this.#commitScope(name, { type: 'ScopeDeletionBegun', nowSec: this.nowSec() }, metadata)
    }
    const ends = await Promise.allSettled(hosts.map((host) => this.#end(host, 'Deleted', metadata)))
    for (const end of ends) if (end.status === 'rejected') throw end.reason
    if (!isConfigured && !scope.isBeingDeleted) return
    await this.#commitScope(name, { type: 'ScopeDeleted', nowSec: this.nowSec() }, metadata)
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

  /** Each has its `#inFlight.end()`. */
  #begin(): void {
    if (this.#isClosed) throw new ServiceError({ code: 'ServiceClosed' }, 'the service is closed')
    if (this.#fence !== undefined) throw this.#fence
    this.#inFlight.begin()
  }

  async #command<T>(work: () => Promise<T>): Promise<T> {
    this.#begin()
    try {
      return await work()
    } finally {
      this.#inFlight.end()
    }
  }

  /** What must be waited for before a session of this id can be decided upon. */
  #unready(scopeName: string, proposalId: ProposalKey): Promise<void> | undefined {
    const scope = this.#parts.registry.findScope(scopeName)
    if (scope?.isSound === false) return scope.ensureSound()
    const deletion = this.#deletions.get(scopeName)
    if (deletion !== undefined || scope?.isBeingDeleted === true) return deletion ?? this.#delete(scopeName)
    const known = scope?.sessions.get(proposalId)
    if (known === undefined) return undefined
    if (!known.isSound) return this.#refold(known)
    // Its end is under way.
    return known.session.isGone ? this.#settle(known) : undefined
  }

  /** Appends, then signals and publishes. */
  async #commit(
    host: SessionHost,
    { facts, effects, faults }: Command<unknown>,
    metadata: FactMetadata,
  ): Promise<void> {
    let state: HostedState
    try {
      // Without facts of its own the answer still rests on what is under way before it.
      state = await host.commit(facts, metadata)
    } catch (error) {
      await this.#recoverFrom(host, error)
      throw error
    }
    this.#became(host, facts, state)
    for (const effect of effects) this.#parts.notifier.effect(host.key.scope, effect)
    for (const { proof } of faults) this.#parts.notifier.equivocation(host.key.scope, proof)
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
    const limit = scope?.policy === 'safe' ? safe.DEFAULT_QUORUM_LIMITS.maxSettled : maxSessionsPerScope
    const ends: Promise<void>[] = []
    for (let kept = scope?.takeExcess(limit); kept !== undefined; kept = scope?.takeExcess(limit)) {
      const { host } = kept
      const putBack = (): void => scope?.putBack(kept)
      ends.push(
        this.#end(host, 'Evicted', causedBy).catch((error: unknown) => {
          putBack()
          logger.warn({ stream: host.id, error }, 'a session could not be evicted')
        }),
      )
    }
    await Promise.all(ends)
  }

  async #end(host: SessionHost, how: 'Evicted' | 'Deleted', causedBy?: FactMetadata): Promise<void> {
    while (!host.isSound) await this.#refold(host)
    if (host.session.isGone) return this.#settle(host)
    const fact = endOf(host.session, how, this.nowSec())
    await this.#commit(host, { ...NO_COMMAND, facts: [fact] }, this.#envelopes.next(causedBy))
  }

  #became(host: SessionHost, facts: readonly HostedFact[], state: HostedState): void {
    const { registry, notifier } = this.#parts
    registry.scope(host.key.scope).follow(host, host.durable, state)
    this.#actors.follow(host, facts, state)
    if (!state.isGone) {
      if (isSafeState(state)) this.#watchExpired(host, state)
      return
    }
    this.#expired.delete(host)
    registry.drop(host)
    notifier.end(host.id)
  }

  /** ballots §8.10: expired sessions are unloaded to the log, those first that changed longest ago. */
  #watchExpired(host: SessionHost, { phase }: safe.SafeSessionState): void {
    this.#expired.delete(host)
    if (phase !== 'expired') return
    this.#expired.add(host)
    for (const oldest of this.#expired) {
      if (this.#expired.size <= MAX_EXPIRED_LOADED) return
      this.#expired.delete(oldest)
      // One that is busy comes here again.
      oldest.unload()
    }
  }

  /** Facts that are written although their append failed: their command is refused, and its consequences are drawn. */
  cameToLight(host: SessionHost, facts: readonly HostedFact[], state: HostedState): void {
    this.#became(host, facts, state)
    for (const fact of facts) {
      const event = eventOf(host.key.proposalId, fact)
      if (event !== undefined) this.#parts.notifier.effect(host.key.scope, event)
      if (fact.type !== 'SafeVoteAccepted' || !(host.session instanceof safe.SafeSession)) continue
      const proof = host.session.votes.equivocationWith(fact)
      if (proof !== null) this.#parts.notifier.equivocation(host.key.scope, proof)
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
    const { durable } = host
    if (durable === undefined) this.#parts.registry.drop(host)
    else if (isSafeState(durable) && !durable.isGone) this.#watchExpired(host, durable)
  }

  #stopWriting(error: unknown): void {
    if (this.#fence !== undefined || !(error instanceof LogError)) return
    this.#fence = error
    this.#parts.logger.error({ error }, 'another process writes with this identity; nothing is written any more')
    this.#actors.close()
    this.#parts.fenced?.(error)
  }

  /** The clock's word that a deadline passed is a command like any other. */
  async #deadlinePassed(host: SessionHost): Promise<void> {
    const { clock, logger } = this.#parts
    const nowSec = this.nowSec()
    try {
      await this.run(host, (session) => timeout(session, nowSec))
      this.#parts.deadlinePassed?.()
    } catch (error) {
      // That no decision was reached is an outcome, published as such.
      if (error instanceof BallotError || error instanceof safe.SafeBallotError || error instanceof ServiceError) return
      logger.warn({ stream: host.id, error }, 'a deadline passed, and cannot be logged')
      this.#actors.armAgain(host, clock.nowMs() + DEADLINE_RETRY_MS)
    }
  }
}

function eventOf(proposalId: ProposalKey, fact: HostedFact): BallotEvent | undefined {
  if (typeof proposalId !== 'number') return undefined
  if (fact.type === 'ConsensusReached')
    return { type: 'ConsensusReached', proposalId, result: fact.result, timestamp: fact.nowSec }
  if (fact.type === 'ConsensusFailed') return { type: 'ConsensusFailed', proposalId, timestamp: fact.nowSec }
  return undefined
}
