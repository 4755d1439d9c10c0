/**
 * @module engine/ballots/notifier
 *
 * What subscribers see, in order. The subjects are private; nothing here ever errors a stream, and all complete on close.
 */

import { concat, defer, distinctUntilChanged, EMPTY, type Observable, of, Subject } from 'rxjs'
import { type BallotEvent, outcomeOf, type SessionState } from '../../core/ballot/index.ts'
import type { NoticeQueue } from '../notices.ts'

/** An event of a scope (ballots §7). */
export interface ScopedEvent {
  readonly scope: string
  readonly event: BallotEvent
}

export class Notifier {
  readonly #queue: NoticeQueue
  readonly #events = new Subject<ScopedEvent>()
  readonly #states = new Subject<SessionState>()
  readonly #outcomes = new Map<string, Subject<boolean | null>>()
  #isClosed = false

  readonly decisions$: Observable<ScopedEvent> = this.#events.asObservable()
  readonly sessions$: Observable<SessionState> = this.#states.asObservable()

  constructor(queue: NoticeQueue) {
    this.#queue = queue
  }

  event(scope: string, event: BallotEvent): void {
    this.#queue.publish(() => this.#events.next({ scope, event }))
  }

  state(state: SessionState): void {
    this.#queue.publish(() => this.#states.next(state))
  }

  outcome(id: string, state: SessionState): void {
    const outcome = outcomeOf(state)
    if (outcome === undefined) return
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
  outcomeOf$(id: string, current: () => SessionState | undefined): Observable<boolean | null> {
    return defer(() => {
      const state = current()
      const outcome = state === undefined ? undefined : outcomeOf(state)
      const known = outcome === undefined ? EMPTY : of(outcome)
      if (typeof outcome === 'boolean' || state?.isGone !== false || this.#isClosed) return known
      const subject = this.#outcomes.get(id) ?? new Subject<boolean | null>()
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
      for (const id of this.#outcomes.keys()) this.#completeOutcome(id)
    })
  }

  #completeOutcome(id: string): void {
    const subject = this.#outcomes.get(id)
    this.#outcomes.delete(id)
    subject?.complete()
  }
}
