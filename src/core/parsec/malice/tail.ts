/**
 * @module core/parsec/malice/tail
 *
 * Accusations and the sync event after them are appended as one (parsec §9). A log that broke in between holds an
 * incomplete tail, which was never sent: recovery drops it, whatever was appended after it. Otherwise a later sync event,
 * with another ancestry, would be the basis of these accusations, and could make them false.
 *
 * So an accusation of ours holds from the first event on that descends from it; one without any was never sent.
 */

import { equalBytes } from '../../../base/bytes.ts'
import { toHex } from '../../../base/text.ts'
import { decodeEvent } from '../../../wire/canonical/event.ts'
import type { CanonicalFormat } from '../../../wire/canonical/format.ts'
import type { EventHash, PeerId } from '../../../wire/canonical/types.ts'
import type { GossipEventAccepted, ParsecFact } from '../facts.ts'

interface Held {
  readonly fact: GossipEventAccepted
  readonly selfParent: EventHash | null
}

export class Tail {
  readonly #self: PeerId
  readonly #format: CanonicalFormat
  /** Our accusations without a descendant, by hex of the hash. */
  readonly #held = new Map<string, Held>()

  constructor(self: PeerId, format: CanonicalFormat) {
    this.#self = self
    this.#format = format
  }

  /** The facts that hold now that this one is read. */
  take(fact: ParsecFact): readonly ParsecFact[] {
    if (fact.type !== 'GossipEventAccepted' || (this.#held.size === 0 && !this.#mayAccuse(fact))) return [fact]
    const { creator, selfParent, otherParent, vote } = decodeEvent(fact.bytes, this.#format)
    if (equalBytes(creator, this.#self) && vote?.observation.type === 'Accusation') {
      this.#held.set(toHex(fact.hash), { fact, selfParent })
      return []
    }
    return [...this.#released(selfParent), ...this.#released(otherParent), fact]
  }

  /** An event begins with its creator's id (parsec §11). */
  #mayAccuse({ bytes, observationHash }: GossipEventAccepted): boolean {
    return observationHash !== null && equalBytes(bytes.subarray(0, this.#self.length), this.#self)
  }

  #released(hash: EventHash | null): readonly ParsecFact[] {
    if (this.#held.size === 0 || hash === null) return []
    const key = toHex(hash)
    const held = this.#held.get(key)
    if (held === undefined) return []
    this.#held.delete(key)
    return [...this.#released(held.selfParent), held.fact]
  }
}
