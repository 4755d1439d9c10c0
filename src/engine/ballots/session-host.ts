/**
 * @module engine/ballots/session-host
 *
 * One session with what the engine holds for it: the state of core, which runs ahead of the log within a command; the
 * state that is durable, which alone is shown; its stream's writer; its actor while it is live.
 */

import { type Actor, createActor } from 'xstate'
import { type SessionSignal, sessionMachine } from '../../../machines/session.machine.ts'
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
import {
  deadlineMsOf,
  evolveHosted,
  factToJson,
  type HostedFact,
  type HostedSession,
  type HostedState,
  hostedFactFromJson,
  isEnd,
  isSafeState,
  type ProposalKey,
  phaseOf,
} from './hosted.ts'

export interface SessionKey {
  readonly scope: string
  readonly proposalId: ProposalKey
}

export type ProvidedSessionMachine = typeof sessionMachine

/** What turns out to be durable: the facts, and the state after them. */
export type Follow = (host: SessionHost, facts: readonly HostedFact[], state: HostedState) => void

export class SessionHost {
  readonly key: SessionKey
  readonly id: string
  readonly writer: StreamWriter
  readonly #log: EventLog
  readonly #refolding: Refolding
  /** Told of facts that turn out to be written although their append failed. */
  readonly #follow: Follow
  readonly #newSession: () => HostedSession
  #session: HostedSession
  /** Its votes are in the log only. */
  #isUnloaded = false
  #durable: HostedState | undefined
  /** What subscribers were told last. */
  #published: HostedState | undefined
  /** Facts of this session that were followed; the fold after a failure tells what else is written. */
  #followed = 0
  #commitsUnderWay = 0
  #actor: Actor<ProvidedSessionMachine> | undefined
  #loading: Promise<void> | undefined

  constructor(log: EventLog, stream: string, key: SessionKey, newSession: () => HostedSession, follow: Follow) {
    this.#log = log
    this.key = key
    this.id = stream
    this.#newSession = newSession
    this.#session = newSession()
    this.writer = new StreamWriter(log, stream, () => this.#openRevision())
    this.#refolding = new Refolding(this.writer)
    this.#follow = follow
  }

  /** What core decides upon. */
  get session(): HostedSession {
    return this.#session
  }

  /** What others may see. */
  get durable(): HostedState | undefined {
    return this.#durable
  }

  /** False after a failed append, until the session is folded from the log again. */
  get isSound(): boolean {
    return this.#refolding.isSound && !this.#isUnloaded
  }

  get isLive(): boolean {
    return this.#actor !== undefined
  }

  /** Replays one recorded fact. */
  replay(fact: RecordedFact): void {
    evolveHosted(this.#session, hostedFactFromJson(fact.type, fact.data))
    this.#durable = this.#session.state
    this.#followed += 1
    this.writer.restart(fact.revision)
  }

  /**
   * Applies facts in memory and appends them. Resolves to the state after them when they, and all before them, are
   * durable; the caller then shows it.
   */
  async commit(facts: readonly HostedFact[], metadata: FactMetadata): Promise<HostedState> {
    for (const fact of facts) evolveHosted(this.#session, fact)
    const { state } = this.#session
    if (facts.length === 0 && this.#commitsUnderWay === 0) return state
    this.#commitsUnderWay += 1
    try {
      await this.writer.append(facts.map((fact) => ({ type: fact.type, data: factToJson(fact), metadata })))
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

  show(state: HostedState): void {
    this.#durable = state
  }

  /** The state shown, where subscribers were not told of it yet. */
  takeUnpublished(): HostedState | undefined {
    if (this.#durable === this.#published) return undefined
    this.#published = this.#durable
    return this.#durable
  }

  startActor(machine: ProvidedSessionMachine, state: HostedState): void {
    const phase = phaseOf(state)
    if (phase === 'decided' || this.#actor !== undefined) return
    this.#actor = createActor(machine, { input: { id: this.id, deadlineAtMs: deadlineMsOf(state), phase } })
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

  /** Drops an expired session's votes from memory, where nothing is under way; `ensureSound` brings them back. */
  unload(): boolean {
    const state = this.#durable
    const isExpired = state !== undefined && isSafeState(state) && state.phase === 'expired' && !state.isGone
    if (!isExpired || this.#commitsUnderWay > 0 || !this.isSound) return false
    this.#session = this.#newSession()
    this.#isUnloaded = true
    return true
  }

  /** After a failed append: forgets what was not written, and folds the log again. What was unloaded is loaded. */
  async ensureSound(): Promise<void> {
    if (this.#isUnloaded && this.#refolding.isSound) {
      this.#loading ??= this.#load().finally(() => {
        this.#loading = undefined
      })
      await this.#loading
    }
    await this.#refolding.ensure(() => this.#fold())
  }

  async #load(): Promise<void> {
    const { adopt } = await this.#fold()
    adopt()
  }

  async #fold(): Promise<Refold> {
    const session = this.#newSession()
    let facts: HostedFact[] = []
    let revision: Revision | undefined
    for await (const recorded of this.#log.read(this.id)) {
      const fact = hostedFactFromJson(recorded.type, recorded.data)
      // An earlier session of this id is another one.
      if (session.isGone) facts = []
      evolveHosted(session, fact)
      facts.push(fact)
      revision = recorded.revision
    }
    return { revision, adopt: () => this.#adopt(session, facts) }
  }

  #adopt(session: HostedSession, facts: readonly HostedFact[]): void {
    this.#isUnloaded = false
    if (this.#durable === undefined && (session.isGone || this.writer.isFenced)) {
      // What stands there is an earlier session of this id, or somebody else's: ours was never written.
      this.#session = this.#newSession()
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
      if (isEnd(last.type)) return last.revision
      throw new LogError(
        { code: 'WrongExpectedRevision', stream: this.id, expected: NO_STREAM, actual: last.revision },
        `the stream ${this.id} holds a session that this process does not know: another process runs the same identity, or recover() was not awaited`,
      )
    }
    return NO_STREAM
  }
}
