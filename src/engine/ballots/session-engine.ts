/**
 * @module engine/ballots/session-engine
 *
 * The one path for ballots: decide, evolve, append, and only then signal and publish. Commands on one session are decided
 * in the order in which they come; their appends go together.
 *
 * Guarantee: what a command answers, and what subscribers see, is durable. After a failed append the session is folded
 * from the log again, and the command is refused with the log's error.
 */

import { type SessionSignal, sessionMachine } from '../../../machines/session.machine.ts'
import {
  BALLOT_SCHEMA_VERSION,
  type Decision,
  decideTimeout,
  refuse,
  type SessionFact,
  type SessionState,
  sessionsToEvict,
} from '../../core/ballot/index.ts'
import type { Clock } from '../../ports/clock.ts'
import type { FactMetadata } from '../../ports/event-log.ts'
import type { Logger } from '../../ports/logger.ts'
import type { Random } from '../../ports/random.ts'
import { Deadlines } from '../deadlines.ts'
import { Envelopes } from '../envelope.ts'
import type { Notifier } from './notifier.ts'
import type { Registry } from './registry.ts'
import type { ScopeHost } from './scope-host.ts'
import type { ProvidedSessionMachine, SessionHost } from './session-host.ts'

interface Parts {
  readonly registry: Registry
  readonly notifier: Notifier
  readonly clock: Clock
  readonly random: Random
  readonly logger: Logger
  readonly maxSessionsPerScope: number
}

const SIGNAL_OF: Readonly<Record<SessionFact['type'], SessionSignal['type'] | undefined>> = {
  ProposalCreated: undefined,
  ProposalReceived: undefined,
  VoteAccepted: 'vote.accepted',
  VoteCast: 'vote.accepted',
  LateVoteCast: undefined,
  DeadlinePassed: undefined,
  ConsensusReached: 'session.decided',
  ConsensusFailed: 'session.lapsed',
  RoundLimitReached: 'session.lapsed',
  SessionEvicted: 'session.evicted',
  SessionDeleted: 'session.evicted',
}

export class SessionEngine {
  readonly #parts: Parts
  readonly #deadlines: Deadlines
  readonly #envelopes: Envelopes
  readonly #machine: ProvidedSessionMachine
  readonly #disarm = new Map<string, () => void>()

  constructor(parts: Parts) {
    this.#parts = parts
    this.#deadlines = new Deadlines(parts.clock)
    this.#envelopes = new Envelopes(parts.random, BALLOT_SCHEMA_VERSION)
    this.#machine = this.#provideActions()
  }

  nextEnvelope(): FactMetadata {
    return this.#envelopes.next()
  }

  /** Carries out a command on a session that exists. */
  async run<Answer>(host: SessionHost, decide: (host: SessionHost) => Decision<Answer>): Promise<Answer> {
    while (host.reloading !== undefined) await host.reloading
    if (host.session.isGone) throw refuse({ code: 'SessionNotFound', ...host.key })
    const decision = decide(host)
    await this.commit(host, decision, this.#envelopes.next())
    if (decision.refusal !== undefined) throw decision.refusal
    return decision.answer
  }

  /** Appends, then signals and publishes. */
  async commit(host: SessionHost, decision: Decision<unknown>, metadata: FactMetadata): Promise<void> {
    const { facts, effects } = decision
    let state: SessionState
    try {
      // Without facts of its own the answer still rests on what is under way before it.
      state = await host.commit(facts, metadata)
    } catch (error) {
      await this.#recoverFrom(host, error)
      throw error
    }
    this.#follow(host, facts, state)
    for (const event of effects) this.#parts.notifier.event(host.key.scope, event)
  }

  /** Begins a session, and evicts what the scope does not keep. */
  async open(scope: ScopeHost, proposalId: number, decision: Decision<unknown>): Promise<void> {
    const host = this.#parts.registry.open(scope.name, proposalId)
    const metadata = this.#envelopes.next()
    await this.commit(host, decision, metadata)
    await this.evict(scope, metadata)
  }

  /** ballots §6: the newest are kept. An eviction that cannot be written now is made up for at the next chance. */
  async evict(scope: ScopeHost, causedBy?: FactMetadata): Promise<void> {
    const kept = [...scope.sessions.values()].filter((host) => host.durable !== undefined && !host.session.isGone)
    const excess = new Set(
      sessionsToEvict(
        kept.map((host) => host.session),
        this.#parts.maxSessionsPerScope,
      ),
    )
    const ended = kept
      .filter((host) => excess.has(host.session))
      .map((host) => this.end(host, 'SessionEvicted', causedBy))
    for (const result of await Promise.allSettled(ended)) {
      if (result.status === 'rejected')
        this.#parts.logger.warn({ scope: scope.name, error: result.reason }, 'a session could not be evicted')
    }
  }

  async end(host: SessionHost, type: 'SessionEvicted' | 'SessionDeleted', causedBy?: FactMetadata): Promise<void> {
    const metadata = this.#envelopes.next(causedBy)
    const fact: SessionFact = { type, nowSec: this.nowSec() }
    await this.commit(host, { facts: [fact], effects: [], faults: [], answer: undefined }, metadata)
    this.#parts.registry.drop(host)
    this.#parts.notifier.end(host.id)
  }

  nowSec(): bigint {
    return BigInt(Math.floor(this.#parts.clock.nowMs() / 1_000))
  }

  /** After recovery: one actor for each session that is not settled, its deadline armed again. */
  start(host: SessionHost): void {
    if (host.durable !== undefined) host.startActor(this.#machine, host.durable)
  }

  close(): void {
    this.#deadlines.clear()
    this.#disarm.clear()
  }

  #provideActions(): ProvidedSessionMachine {
    const { registry, notifier } = this.#parts
    return sessionMachine.provide({
      actions: {
        armDeadline: ({ context }) => {
          this.#disarm.set(
            context.id,
            this.#deadlines.arm(context.deadlineAtMs, () => this.#deadlinePassed(context.id)),
          )
        },
        disarmDeadline: ({ context }) => {
          this.#disarm.get(context.id)?.()
          this.#disarm.delete(context.id)
        },
        publishState: ({ context }) => {
          const state = registry.hostOf(context.id)?.durable
          if (state !== undefined) notifier.state(state)
        },
        publishOutcome: ({ context }) => {
          const state = registry.hostOf(context.id)?.durable
          if (state !== undefined) notifier.outcome(context.id, state)
        },
      },
    })
  }

  #follow(host: SessionHost, facts: readonly SessionFact[], state: SessionState): void {
    for (const { type } of facts) {
      if (type === 'ProposalCreated' || type === 'ProposalReceived') {
        host.startActor(this.#machine, { ...state, status: 'active' })
        this.#parts.notifier.state(state)
      }
      const signal = SIGNAL_OF[type]
      if (signal !== undefined) host.signal({ type: signal })
    }
  }

  async #recoverFrom(host: SessionHost, error: unknown): Promise<void> {
    this.#parts.logger.error({ stream: host.id, error }, 'an append failed; the session is rebuilt from the log')
    await host.reload()
    if (host.durable === undefined) this.#parts.registry.drop(host)
  }

  /** The clock's word that a deadline passed is a command like any other. */
  #deadlinePassed(id: string): void {
    const host = this.#parts.registry.hostOf(id)
    if (host === undefined || host.session.isGone) return
    const nowSec = this.nowSec()
    const { deadlineSec } = host.session.state
    this.run(host, ({ session }) => decideTimeout(session, nowSec < deadlineSec ? deadlineSec : nowSec)).catch(
      (error: unknown) => {
        // That no decision was reached is an outcome, published as such.
        this.#parts.logger.debug({ stream: id, error }, 'a deadline passed')
      },
    )
  }
}
