/**
 * @module core/parsec/checkpoint/pruned-events
 *
 * Events of a message that lie before the checkpoint that we started from: passed over, since stubs stand for them. Others send
 * them to a peer of whom they know no event yet.
 *
 * Guarantee: what is passed over is never a parent of what joins the graph, so a branch that a forker opens in there cannot mislead us; whatever
 * builds on it stays out too. Of a peer that was removed before our checkpoint nothing is counted: its events join wherever their parents are
 * known, since others may build on them.
 */

import type { Bytes } from '../../../base/bytes.ts'
import { toHex } from '../../../base/text.ts'
import type { EventView } from '../../../wire/canonical/event.ts'
import type { HashedEvent } from '../gossip/message.ts'
import { NONE, type PeerIndex } from '../graph/graph.ts'
import type { State } from '../state.ts'

export class PrunedEvents<Payload> {
  readonly #state: State<Payload>
  /** By hex of the hash: indexes of those that the message showed. */
  readonly #indexes = new Map<string, number>()

  constructor(state: State<Payload>) {
    this.#state = state
  }

  has({ view, hash }: HashedEvent<Payload>): boolean {
    const { graph, peers } = this.#state
    if (graph.base === 0) return false
    const index = this.#indexOf(view.selfParent)
    const creator = peers.find(view.creator)
    if (index === undefined || creator === NONE || index >= graph.prunedPlaces(creator)) return false
    if (graph.find(hash) !== NONE || this.#isHarmless(view, creator)) return false
    this.#indexes.set(toHex(hash), index)
    return true
  }

  #isHarmless({ selfParent, otherParent }: EventView<Payload>, creator: PeerIndex): boolean {
    const { graph, peers } = this.#state
    const isKnown = (parent: Bytes | null): boolean => parent === null || graph.find(parent) !== NONE
    // Removed at an event before all others: by our base.
    const removedAt = peers.removedAt(creator)
    return removedAt !== NONE && removedAt < graph.base && isKnown(selfParent) && isKnown(otherParent)
  }

  #indexOf(selfParent: Uint8Array | null): number | undefined {
    if (selfParent === null) return 0
    const known = this.#state.graph.find(selfParent)
    const parent = known === NONE ? this.#indexes.get(toHex(selfParent)) : this.#state.graph.indexOf(known)
    return parent === undefined ? undefined : parent + 1
  }
}
