/**
 * @module core/parsec/reading
 *
 * The one way in which the facts of a log are read: for recovery, audit, explanations and the inspector alike. Accusations wait for
 * the sync event that follows them; those that a crash cut off from it never were (parsec §9).
 */

import { assert } from '../../base/errors.ts'
import { type DecisionWatcher, evolve } from './evolve.ts'
import type { ParsecFact } from './facts.ts'
import { Tail } from './malice/tail.ts'
import type { State } from './state.ts'

/**
 * For which start of its peer a fact of a log is (parsec §8). A peer may start again. From a later base: what it had holds until the last part
 * of that base is read, and on where a crash or a failed append cut the base off. By the whole graph: what it had holds, and goes on, until the
 * new start is ended by `GraphTaken`; one that never is counts for nothing.
 */
export class Starts<T> {
  readonly #begin: (fact: ParsecFact) => T
  #current: T | null = null
  #next: T | null = null
  #isNextByGraph = false

  /** `begin` refuses what is no beginning. */
  constructor(begin: (fact: ParsecFact) => T) {
    this.#begin = begin
  }

  /** What holds now; null before the first fact. While the only base is not whole, that without a base. */
  get current(): T | null {
    return this.#current
  }

  /** What the next fact is to be applied to, a `PeerStarted` too. */
  of(fact: ParsecFact): T {
    if (this.#current === null) {
      this.#current = this.#begin(fact)
      return this.#current
    }
    if (fact.type === 'PeerStarted') {
      this.#next = this.#begin(fact)
      this.#isNextByGraph = fact.origin === 'again'
      return this.#next
    }
    const next = this.#next
    if (next === null) {
      assert(!isForGraph(fact), 'what is for the next start follows its beginning')
      return this.#current
    }
    if (this.#isNextByGraph ? isForGraph(fact) : fact.type === 'BaseTaken') {
      if (!isEnd(fact)) return next
      this.#current = next
      this.#next = null
    } else if (!this.#isNextByGraph) {
      // Whoever wrote this fact went on without the base.
      this.#next = null
    }
    return this.#current
  }
}

function isForGraph(fact: ParsecFact): boolean {
  return fact.type === 'GraphTaken' || fact.forNext === true
}

function isEnd(fact: ParsecFact): boolean {
  return fact.type === 'GraphTaken' || (fact.type === 'BaseTaken' && fact.isLast)
}

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
    // What a start by the whole graph takes of ours was sent, or logged with its sync event before.
    if (this.#tail === null || this.state.isPassive) evolve(this.state, fact, watch)
    else for (const complete of this.#tail.take(fact)) evolve(this.state, complete, watch)
  }
}
