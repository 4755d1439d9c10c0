/**
 * @module core/parsec/malice/answers
 *
 * Which events answered which: for a Requesting, the Request of its recipient; for a Request, the Response to it
 * (parsec §3). One answer each, but for forkers, who may give one on each branch.
 */

import { type EventIndex, type Graph, NONE } from '../graph/graph.ts'
import { Int32List } from '../graph/lists.ts'
import { isOnBranch } from './ancestry.ts'

export class Answers {
  readonly #graph: Graph
  readonly #first = new Int32List()
  readonly #more = new Map<EventIndex, EventIndex[]>()

  constructor(graph: Graph) {
    this.#graph = graph
  }

  /** The graph has one more event. */
  grow(): void {
    this.#first.push(NONE)
  }

  /** An event with another parent. */
  note(event: EventIndex): void {
    const answered = this.answeredBy(event)
    if (answered === NONE) return
    if (this.#first.at(answered) === NONE) {
      this.#first.set(answered, event)
      return
    }
    const more = this.#more.get(answered)
    if (more === undefined) this.#more.set(answered, [event])
    else more.push(event)
  }

  /** What a Request or Response answers: its other parent, or the sync event before that. */
  answeredBy(event: EventIndex): EventIndex {
    return this.syncAt(this.#graph.otherParentOf(event))
  }

  /** The event itself or its nearest self-ancestor of kind sync. */
  syncAt(event: EventIndex): EventIndex {
    return this.#graph.isSync(event) ? event : this.#graph.syncParentOf(event)
  }

  /** The first answer, or NONE. */
  to(event: EventIndex): EventIndex {
    return this.#first.at(event)
  }

  /** The answer among the self-ancestors of `tip`, itself included, or NONE. */
  onBranch(event: EventIndex, tip: EventIndex): EventIndex {
    const first = this.#first.at(event)
    if (first === NONE) return NONE
    if (isOnBranch(this.#graph, tip, first)) return first
    return this.#more.get(event)?.find((answer) => isOnBranch(this.#graph, tip, answer)) ?? NONE
  }
}
