/**
 * @module core/parsec/malice/tail
 *
 * Accusations and the sync event after them are appended as one (parsec §9). A log that broke in between holds an
 * incomplete tail, which was never sent: recovery drops it, whatever was appended after it. Otherwise a later sync event,
 * with another ancestry, would be the basis of these accusations, and could make them false.
 */

import { type Bytes, equalBytes } from '../../../base/bytes.ts'
import { decodeEvent } from '../../../wire/canonical/event.ts'
import type { CanonicalFormat } from '../../../wire/canonical/format.ts'
import type { EventHash, PeerId } from '../../../wire/canonical/types.ts'
import type { GossipEventAccepted, ParsecFact } from '../facts.ts'

export class Tail {
  readonly #self: PeerId
  readonly #format: CanonicalFormat
  /** Our accusations, each the self-parent of the next. */
  #held: GossipEventAccepted[] = []

  constructor(self: PeerId, format: CanonicalFormat) {
    this.#self = self
    this.#format = format
  }

  /** The facts that hold now that this one is read. */
  *take(fact: ParsecFact): Iterable<ParsecFact> {
    const held = this.#held
    const selfParent = this.#ownSelfParent(fact)
    const last = held.at(-1)
    const goesOn = last !== undefined && selfParent !== null && equalBytes(selfParent, last.hash)
    this.#held = []
    if (fact.type === 'GossipEventAccepted' && this.#isOwnAccusation(fact)) {
      this.#held = goesOn ? [...held, fact] : [fact]
      return
    }
    if (goesOn) yield* held
    yield fact
  }

  #isOurs(bytes: Bytes): boolean {
    // An event begins with its creator's id (parsec §11).
    return equalBytes(bytes.subarray(0, this.#self.length), this.#self)
  }

  #ownSelfParent(fact: ParsecFact): EventHash | null {
    if (this.#held.length === 0 || fact.type !== 'GossipEventAccepted' || !this.#isOurs(fact.bytes)) return null
    return decodeEvent(fact.bytes, this.#format).selfParent
  }

  #isOwnAccusation({ observationHash, bytes }: GossipEventAccepted): boolean {
    if (observationHash === null || !this.#isOurs(bytes)) return false
    return decodeEvent(bytes, this.#format).vote?.observation.type === 'Accusation'
  }
}
