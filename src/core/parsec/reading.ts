/**
 * @module core/parsec/reading
 *
 * The one way in which the facts of a log are read: for recovery, audit, explanations and the inspector alike. Accusations wait for
 * the sync event that follows them; those that a crash cut off from it never were (parsec §9).
 */

import { type DecisionWatcher, evolve } from './evolve.ts'
import type { ParsecFact } from './facts.ts'
import { Tail } from './malice/tail.ts'
import type { State } from './state.ts'

export class Reading<P> {
  readonly state: State<P>
  readonly #tail: Tail | null

  constructor(state: State<P>) {
    this.state = state
    const { watch, peers, self, group } = state
    this.#tail = watch === null ? null : new Tail(peers.idOf(self), group.format)
  }

  /** The next fact; `watch` sees each decision that follows. */
  take(fact: ParsecFact, watch?: DecisionWatcher): void {
    if (this.#tail === null) evolve(this.state, fact, watch)
    else for (const complete of this.#tail.take(fact)) evolve(this.state, complete, watch)
  }
}
