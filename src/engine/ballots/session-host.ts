/**
 * @module engine/ballots/session-host
 *
 * One session with what the engine holds for it: the state of core, which runs ahead of the log within a command; the
 * state that is durable, which alone is shown; its stream's writer; its actor while it is live.
 */

import { type Actor, createActor } from 'xstate'
import { type SessionSignal, sessionMachine } from '../../../machines/session.machine.ts'
import {
  ballotFactFromJson,
  ballotFactToJson,
  outcomeOf,
  Session,
  type SessionFact,
  type SessionState,
} from '../../core/ballot/index.ts'
import {
  type EventLog,
  type FactMetadata,
  LogError,
  NO_STREAM,
  type RecordedFact,
  type Revision,
} from '../../ports/event-log.ts'
import { StreamWriter } from '../stream-writer.ts'

export interface SessionKey {
  readonly scope: string
  readonly proposalId: number
}

export type ProvidedSessionMachine = typeof sessionMachine

const MS_PER_SEC = 1_000

export class SessionHost {
  readonly key: SessionKey
  readonly id: string
  readonly writer: StreamWriter
  readonly #log: EventLog
  #session: Session
  #durable: SessionState | undefined
  #actor: Actor<ProvidedSessionMachine> | undefined
  #reloading: Promise<void> | undefined

  constructor(log: EventLog, stream: string, key: SessionKey, revision?: Revision) {
    this.#log = log
    this.key = key
    this.id = stream
    this.#session = new Session()
    this.writer = new StreamWriter(log, stream, revision ?? (() => this.#openRevision()))
  }

  /** What core decides upon. */
  get session(): Session {
    return this.#session
  }

  /** What others may see. */
  get durable(): SessionState | undefined {
    return this.#durable
  }

  get reloading(): Promise<void> | undefined {
    return this.#reloading
  }

  get isLive(): boolean {
    return this.#actor !== undefined
  }

  /** Replays one recorded fact. */
  replay(fact: RecordedFact): void {
    this.#session.evolve(ballotFactFromJson(fact.type, fact.data) as SessionFact)
    this.#durable = this.#session.state
  }

  /** Applies facts in memory and appends them; resolves when they are durable and shown. */
  async commit(facts: readonly SessionFact[], metadata: FactMetadata): Promise<SessionState> {
    for (const fact of facts) this.#session.evolve(fact)
    const { state } = this.#session
    if (facts.length === 0 && this.writer.isIdle) return state
    await this.writer.append(facts.map((fact) => ({ type: fact.type, data: ballotFactToJson(fact), metadata })))
    this.#durable = state
    return state
  }

  startActor(machine: ProvidedSessionMachine, state: SessionState): void {
    const outcome = outcomeOf(state)
    const phase = outcome === undefined ? 'open' : outcome === null ? 'lapsed' : 'decided'
    if (phase === 'decided' || this.#actor !== undefined) return
    const deadlineAtMs = Number(state.deadlineSec) * MS_PER_SEC
    this.#actor = createActor(machine, { input: { id: this.id, deadlineAtMs, phase } })
    this.#actor.start()
  }

  signal(signal: SessionSignal): void {
    this.#actor?.send(signal)
    if (this.#actor?.getSnapshot().status === 'done') this.#actor = undefined
  }

  stop(): void {
    this.#actor?.stop()
    this.#actor = undefined
  }

  /** After a failed append: forget what was not written, and fold the log again. */
  reload(): Promise<void> {
    this.#reloading ??= this.#reload().finally(() => {
      this.#reloading = undefined
    })
    return this.#reloading
  }

  async #reload(): Promise<void> {
    await this.writer.settled()
    const session = new Session()
    let revision = NO_STREAM
    for await (const fact of this.#log.read(this.id)) {
      session.evolve(ballotFactFromJson(fact.type, fact.data) as SessionFact)
      revision = fact.revision
    }
    this.#session = session
    this.#durable = revision === NO_STREAM ? undefined : session.state
    if (!this.writer.isFenced) this.writer.restart(revision)
  }

  /** A new session's stream is new, or ends with the end of an earlier session of this id: else somebody else writes it. */
  async #openRevision(): Promise<Revision> {
    for await (const last of this.#log.read(this.id, { direction: 'backward', maxCount: 1 })) {
      if (last.type === 'SessionEvicted' || last.type === 'SessionDeleted') return last.revision
      throw new LogError(
        { code: 'WrongExpectedRevision', stream: this.id, expected: NO_STREAM, actual: last.revision },
        `the stream ${this.id} holds a session that this process does not know: another process runs the same identity, or recover() was not awaited`,
      )
    }
    return NO_STREAM
  }
}
