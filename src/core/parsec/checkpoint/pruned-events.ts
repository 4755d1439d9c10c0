/**
 * @module core/parsec/checkpoint/pruned-events
 *
 * Events of a message that lie before the checkpoint that we started from: passed over, since stubs stand for them. Others send
 * them to a peer of whom they know no event yet.
 *
 * Guarantee: what is passed over is never a parent of what joins the graph, so a branch that a forker opens in there cannot mislead us; whatever
 * builds on it stays out too. Of a peer that was removed before our checkpoint nothing is counted: its events join wherever their parents are
 * known, since others may build on them, and are passed over, at whatever index, where they are not, so that they hold up nobody else's. So is what
 * stubs are too little to judge, and all of which the newest stub was left out.
 */

import type { Bytes } from '../../../base/bytes.ts'
import { toHex } from '../../../base/text.ts'
import type { HashedEvent } from '../gossip/message.ts'
import { NONE } from '../graph/graph.ts'
import { isBeyondStubs } from '../malice/forms.ts'
import type { State } from '../state.ts'

export class PrunedEvents<Payload> {
  readonly #state: State<Payload>
  /** By hex of the hash: indexes of those that the message showed. */
  readonly #indexes = new Map<string, number>()
  /** Hex of the hashes of what stands below a stub that the message shows, whoever gives it from wherever on. */
  readonly #below = new Set<string>()

  /** `message`: its events that are not recognised as known, in order. */
  constructor(state: State<Payload>, message: readonly HashedEvent<Payload>[]) {
    this.#state = state
    if (state.graph.base > 0) for (const event of message.toReversed()) this.#noteBelow(event)
  }

  #noteBelow({ view, hash }: HashedEvent<Payload>): void {
    const event = this.#state.graph.find(hash)
    const isPruned = event === NONE ? this.#below.has(toHex(hash)) : event < this.#state.graph.base
    if (!isPruned) return
    for (const parent of [view.selfParent, view.otherParent]) if (parent !== null) this.#below.add(toHex(parent))
  }

  has({ view, hash }: HashedEvent<Payload>): boolean {
    const { graph, peers } = this.#state
    if (graph.base === 0 || graph.find(hash) !== NONE) return false
    if (this.#below.has(toHex(hash))) return true
    const creator = peers.find(view.creator)
    if (creator === NONE) return false
    if (peers.wasRemovedBefore(creator, graph.base)) {
      // Others' stubs know more of it than its own: what stood on these would be taken for what those know.
      if (graph.placesOf(creator) < graph.prunedPlaces(creator)) return true
      return !this.#isKnown(view.selfParent) || !this.#isKnown(view.otherParent) || isBeyondStubs(this.#state, view)
    }
    const index = this.#indexOf(view.selfParent)
    if (index === undefined || index >= graph.prunedPlaces(creator)) return false
    this.#indexes.set(toHex(hash), index)
    return true
  }

  #isKnown(parent: Bytes | null): boolean {
    return parent === null || this.#state.graph.find(parent) !== NONE
  }

  #indexOf(selfParent: Uint8Array | null): number | undefined {
    if (selfParent === null) return 0
    const known = this.#state.graph.find(selfParent)
    const parent = known === NONE ? this.#indexes.get(toHex(selfParent)) : this.#state.graph.indexOf(known)
    return parent === undefined ? undefined : parent + 1
  }
}
