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
import { type Refold, Refolding } from '../refolding.ts'
import { StreamWriter } from '../stream-writer.ts'

export interface SessionKey {
  readonly scope: string
  readonly proposalId: number
}

export type ProvidedSessionMachine = typeof sessionMachine

/** What turns out to be durable: the facts, and the state after them. */
export type Follow = (host: SessionHost, facts: readonly SessionFact[], state: SessionState) => void

const MS_PER_SEC = 1_000

export class SessionHost {
  readonly key: SessionKey
  readonly id: string
  readonly writer: StreamWriter
  readonly #log: EventLog
  readonly #refolding: Refolding
  /** Told of facts that turn out to be written although their append failed. */
  readonly #follow: Follow
  #session: Session
  #durable: SessionState | undefined
  /** What subscribers were told last. */
  #published: SessionState | undefined
  /** Facts of this session that were followed; the fold after a failure tells what else is written. */
  #followed = 0
  #commitsUnderWay = 0
  #actor: Actor<ProvidedSessionMachine> | undefined

  constructor(log: EventLog, stream: string, key: SessionKey, follow: Follow) {
    this.#log = log
    this.key = key
    this.id = stream
    this.#session = new Session()
    this.writer = new StreamWriter(log, stream, () => this.#openRevision())
    this.#refolding = new Refolding(this.writer)
    this.#follow = follow
  }

  /** What core decides upon. */
  get session(): Session {
    return this.#session
  }

  /** What others may see. */
  get durable(): SessionState | undefined {
    return this.#durable
  }

  /** False after a failed append, until the session is folded from the log again. */
  get isSound(): boolean {
    return this.#refolding.isSound
  }

  get isLive(): boolean {
    return this.#actor !== undefined
  }

  /** Replays one recorded fact. */
  replay(fact: RecordedFact): void {
    this.#session.evolve(ballotFactFromJson(fact.type, fact.data) as SessionFact)
    this.#durable = this.#session.state
    this.#followed += 1
    this.writer.restart(fact.revision)
  }

  /**
   * Applies facts in memory and appends them. Resolves to the state after them when they, and all before them, are
   * durable; the caller then shows it.
   */
  async commit(facts: readonly SessionFact[], metadata: FactMetadata): Promise<SessionState> {
    for (const fact of facts) this.#session.evolve(fact)
    const { state } = this.#session
    if (facts.length === 0 && this.#commitsUnderWay === 0) return state
    this.#commitsUnderWay += 1
    try {
      await this.writer.append(facts.map((fact) => ({ type: fact.type, data: ballotFactToJson(fact), metadata })))
      this.#followed += facts.length
    } finally {
      this.#commitsUnderWay -= 1
    }
    return state
  }

  /** Resolves when all that was decided before is durable. */
  async settled(): Promise<void> {
    if (this.#commitsUnderWay > 0) await this.writer.append([])
  }

  show(state: SessionState): void {
    this.#durable = state
  }

  /** The state shown, where subscribers were not told of it yet. */
  takeUnpublished(): SessionState | undefined {
    if (this.#durable === this.#published) return undefined
    this.#published = this.#durable
    return this.#durable
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

  /** After a failed append: forgets what was not written, and folds the log again. */
  ensureSound(): Promise<void> {
    return this.#refolding.ensure(() => this.#fold())
  }

  async #fold(): Promise<Refold> {
    const session = new Session()
    let facts: SessionFact[] = []
    let revision: Revision | undefined
    for await (const recorded of this.#log.read(this.id)) {
      const fact = ballotFactFromJson(recorded.type, recorded.data) as SessionFact
      // An earlier session of this id is another one.
      if (session.isGone) facts = []
      session.evolve(fact)
      facts.push(fact)
      revision = recorded.revision
    }
    return { revision, adopt: () => this.#adopt(session, facts) }
  }

  #adopt(session: Session, facts: readonly SessionFact[]): void {
    if (this.#durable === undefined && (session.isGone || this.writer.isFenced)) {
      // What stands there is an earlier session of this id, or somebody else's: ours was never written.
      this.#session = new Session()
      return
    }
    this.#session = session
    // Fenced: what others wrote is shown, and nothing is done about it.
    if (this.writer.isFenced) return this.show(session.state)
    const unseen = facts.slice(this.#followed)
    this.#followed = facts.length
    if (unseen.length > 0) return this.#follow(this, unseen, session.state)
    // As it was before: no news for anybody.
    this.#durable = session.state
    this.#published = session.state
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
