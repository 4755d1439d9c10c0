/**
 * @module engine/ballots/notifier
 *
 * What subscribers see, in order. The subjects are private; nothing here ever errors a stream, and all complete on close.
 */

import { concat, defer, distinctUntilChanged, EMPTY, type Observable, of, Subject } from 'rxjs'
import type { BallotEvent, SessionState, safe } from '../../core/ballot/index.ts'
import type { NoticeQueue } from '../notices.ts'
import { type HostedOutcome, type HostedState, hostedOutcomeOf, isSafeState } from './hosted.ts'

/** An event of a scope (ballots §7). */
export interface ScopedEvent {
  readonly scope: string
  readonly event: BallotEvent
}

/** What is to be given to the other peers of a scope (ballots §8.9). */
export interface Outgoing {
  readonly scope: string
  readonly message: safe.BallotMessage
}

/** An owner signed both choices (ballots §8.5). */
export interface EquivocationNotice {
  readonly scope: string
  readonly proof: safe.Equivocation
}

export class Notifier {
  readonly #queue: NoticeQueue
  readonly #safeStates = new Subject<safe.SafeSessionState>()
  readonly #settled = new Subject<safe.SafeSessionState>()
  readonly #outgoing = new Subject<Outgoing>()
  readonly #declared = new Subject<string>()
  readonly #equivocations = new Subject<EquivocationNotice>()
  readonly #events = new Subject<ScopedEvent>()
  readonly #states = new Subject<SessionState>()
  readonly #outcomes = new Map<string, Subject<HostedOutcome>>()
  #isClosed = false

  readonly decisions$: Observable<ScopedEvent> = this.#events.asObservable()
  readonly sessions$: Observable<SessionState> = this.#states.asObservable()
  /** Of the policy `safe`: each state, each settlement once, what is to be spread, and who signed both choices. */
  readonly safeSessions$: Observable<safe.SafeSessionState> = this.#safeStates.asObservable()
  readonly settled$: Observable<safe.SafeSessionState> = this.#settled.asObservable()
  readonly outgoing$: Observable<Outgoing> = this.#outgoing.asObservable()
  /** Scopes whose settings changed. */
  readonly declared$: Observable<string> = this.#declared.asObservable()
  readonly equivocations$: Observable<EquivocationNotice> = this.#equivocations.asObservable()

  constructor(queue: NoticeQueue) {
    this.#queue = queue
  }

  effect(scope: string, effect: BallotEvent | safe.Spread): void {
    const { type } = effect
    if (type === 'Spread') this.#queue.publish(() => this.#outgoing.next({ scope, message: effect.message }))
    else this.#queue.publish(() => this.#events.next({ scope, event: effect }))
  }

  declared(scope: string): void {
    this.#queue.publish(() => this.#declared.next(scope))
  }

  equivocation(scope: string, proof: safe.Equivocation): void {
    this.#queue.publish(() => this.#equivocations.next({ scope, proof }))
  }

  state(state: HostedState): void {
    if (isSafeState(state)) this.#queue.publish(() => this.#safeStates.next(state))
    else this.#queue.publish(() => this.#states.next(state))
  }

  outcome(id: string, state: HostedState): void {
    const outcome = hostedOutcomeOf(state)
    if (outcome === undefined) return
    // ballots §8.8: terminal is terminal; the session's actor says it once.
    if (isSafeState(state) && outcome !== null) this.#queue.publish(() => this.#settled.next(state))
    this.#queue.publish(() => {
      const subject = this.#outcomes.get(id)
      subject?.next(outcome)
      if (outcome !== null) this.#completeOutcome(id)
    })
  }

  /** The session is gone: no outcome will come. */
  end(id: string): void {
    this.#queue.publish(() => this.#completeOutcome(id))
  }

  /**
   * true, false, or null for a failure that a decision may still follow; completes with the decision, or with the end of
   * the session. Who comes late is told what `current` says.
   */
  outcomeOf$(id: string, current: () => HostedState | undefined): Observable<HostedOutcome> {
    return defer(() => {
      const state = current()
      const outcome = state === undefined ? undefined : hostedOutcomeOf(state)
      const known = outcome === undefined ? EMPTY : of(outcome)
      const isFinal = outcome !== undefined && outcome !== null
      if (isFinal || state?.isGone === true || this.#isClosed) return known
      const subject = this.#outcomes.get(id) ?? new Subject<HostedOutcome>()
      this.#outcomes.set(id, subject)
      // A notice of what is told here already may still be waiting for its turn.
      return concat(known, subject).pipe(distinctUntilChanged())
    })
  }

  close(): void {
    this.#queue.publish(() => {
      this.#isClosed = true
      this.#events.complete()
      this.#states.complete()
      for (const subject of [this.#safeStates, this.#settled, this.#outgoing, this.#equivocations, this.#declared])
        subject.complete()
      for (const id of this.#outcomes.keys()) this.#completeOutcome(id)
    })
  }

  #completeOutcome(id: string): void {
    const subject = this.#outcomes.get(id)
    this.#outcomes.delete(id)
    subject?.complete()
  }
}
