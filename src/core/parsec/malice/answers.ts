/**
 * @module core/parsec/malice/answers
 *
 * What may still be answered, and which events answered which: for a Requesting, the Request of its recipient; for a Request, the
 * Response to it (parsec §3). One answer each, but for forkers, who may give one on each branch.
 *
 * Of stubs only open ends are known (parsec §8): questions that nothing at or below the stubs answers.
 */

import type { Bytes } from '../../../base/bytes.ts'
import { toHex } from '../../../base/text.ts'
import { CAUSE_TAG } from '../../../wire/canonical/types.ts'
import { type EventIndex, type Graph, NONE, type PeerIndex } from '../graph/graph.ts'
import { Int32List } from '../graph/lists.ts'
import { isOnBranch } from './ancestry.ts'

export interface Question {
  readonly awaits: 'request' | 'response'
  /** Who may answer. */
  readonly by: PeerIndex
  /** The same for all events after which one answer may be given: the Requesting, the Request, or a stub that stands for it. */
  readonly asked: EventIndex
}

export class Answers {
  readonly #graph: Graph
  readonly #first = new Int32List()
  readonly #more = new Map<EventIndex, EventIndex[]>()
  /** By stub. */
  readonly #open = new Map<EventIndex, Question>()
  /** By hex of the Request's hash: the first stub that stands for it, or after it. */
  readonly #stubOf = new Map<string, EventIndex>()
  /** By such a stub. */
  readonly #hashes = new Map<EventIndex, Bytes>()

  constructor(graph: Graph) {
    this.#graph = graph
  }

  /** The graph has one more event. */
  grow(): void {
    this.#first.push(NONE)
  }

  /** The newest stub may be answered. `request`: hash of the Request that it is, or stands after; null: it is a Requesting. */
  open(by: PeerIndex, request: Bytes | null): void {
    const stub = this.#graph.size - 1
    if (request === null) {
      this.#open.set(stub, { awaits: 'request', by, asked: stub })
      return
    }
    const key = toHex(request)
    const asked = this.#stubOf.get(key) ?? stub
    this.#stubOf.set(key, asked)
    this.#hashes.set(asked, request.slice())
    this.#open.set(stub, { awaits: 'response', by, asked })
  }

  /** What an event with this other parent may answer; null: nothing, or, of a stub, nothing that is open. */
  questionAt(otherParent: EventIndex): Question | null {
    const graph = this.#graph
    const sync = this.#questionedAt(otherParent)
    if (sync === NONE) return null
    if (sync < graph.base) {
      const open = this.#open.get(sync) ?? null
      // A Requesting is answered as such, not through what stands after it.
      return open?.awaits === 'request' && sync !== otherParent ? null : open
    }
    if (graph.causeOf(sync) === CAUSE_TAG.Requesting) {
      return sync === otherParent ? { awaits: 'request', by: graph.subjectOf(sync), asked: sync } : null
    }
    if (graph.causeOf(sync) !== CAUSE_TAG.Request) return null
    const requesting = graph.otherParentOf(sync)
    const isRequesting = requesting < graph.base || graph.causeOf(requesting) === CAUSE_TAG.Requesting
    return isRequesting ? { awaits: 'response', by: graph.creatorOf(requesting), asked: sync } : null
  }

  /** Whether it is a stub, or only stubs tell what it asks. */
  isAskedByStub(otherParent: EventIndex): boolean {
    const asked = this.#questionedAt(otherParent)
    return asked !== NONE && asked < this.#graph.base
  }

  hashOf(asked: EventIndex): Bytes {
    return this.#hashes.get(asked) ?? this.#graph.hashOf(asked).slice()
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
    const otherParent = this.#graph.otherParentOf(event)
    if (this.isAskedByStub(otherParent)) return this.questionAt(otherParent)?.asked ?? NONE
    return this.syncAt(otherParent)
  }

  /** The event itself or its nearest self-ancestor of kind sync. */
  syncAt(event: EventIndex): EventIndex {
    return this.#graph.isSync(event) ? event : this.#graph.syncParentOf(event)
  }

  /** As `syncAt`; where that lies before all stubs, the stub. */
  #questionedAt(event: EventIndex): EventIndex {
    const graph = this.#graph
    if (event < graph.base) return event
    const sync = this.syncAt(event)
    if (sync !== NONE || graph.base === 0) return sync
    let at = event
    while (at >= graph.base) at = graph.selfParentOf(at)
    return at
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

  /** Whether it is answered by an event with at most this index by its creator, on whichever branch. */
  isAnsweredBy(event: EventIndex, index: number): boolean {
    const first = this.#first.at(event)
    if (first === NONE) return false
    return [first, ...(this.#more.get(event) ?? [])].some((answer) => this.#graph.indexOf(answer) <= index)
  }
}
