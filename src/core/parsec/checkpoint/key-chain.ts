/**
 * @module core/parsec/checkpoint/key-chain
 *
 * Keys in the order in which they were decided, and the chain hashes over them (parsec §8, checkpoints).
 *
 * Hashes are computed when somebody asks, from the nearest earlier one that was asked for: a peer that never signs pays
 * nothing for them.
 */

import type { Bytes } from '../../../base/bytes.ts'
import { type BlockKey, FIRST_CHAIN_HASH, nextChainHash } from '../../../wire/checkpoint/chain.ts'
import type { KeyIndex } from '../election/keys.ts'
import { Int32List } from '../graph/lists.ts'

interface Mark {
  readonly count: number
  readonly hash: Bytes
}

/** What a key is outside of this peer. */
export type KeyOf = (key: KeyIndex) => BlockKey

export class KeyChain {
  readonly #keys = new Int32List()
  readonly #hash: (bytes: Bytes) => Bytes
  readonly #keyOf: KeyOf
  /** Known chain hashes, by ascending count. */
  readonly #marks: Mark[] = [{ count: 0, hash: FIRST_CHAIN_HASH }]
  /** Another chain, which mostly holds the same keys and gets each before this one: what they share is hashed once. */
  readonly #other: KeyChain | null
  /** So many keys at the beginning are those of the other. */
  #shared = 0

  constructor(hash: (bytes: Bytes) => Bytes, keyOf: KeyOf, other: KeyChain | null = null) {
    this.#hash = hash
    this.#keyOf = keyOf
    this.#other = other
  }

  get count(): number {
    return this.#keys.length
  }

  push(key: KeyIndex): void {
    if (this.#shared === this.count && this.#other?.keyAt(this.count) === key) this.#shared += 1
    this.#keys.push(key)
  }

  /** NONE beyond the end. */
  keyAt(place: number): KeyIndex {
    return this.#keys.at(place)
  }

  /** The first `count` keys. */
  keysUpTo(count: number): readonly KeyIndex[] {
    return Array.from({ length: count }, (_, at) => this.#keys.at(at))
  }

  /** The keys from one place to another. */
  slice(from: number, to: number): readonly BlockKey[] {
    const keys: BlockKey[] = []
    for (let at = from; at < to; at += 1) keys.push(this.#keyOf(this.#keys.at(at)))
    return keys
  }

  /** The chain hash over the first `count` keys. */
  hashAt(count: number): Bytes {
    if (this.#other !== null && count <= this.#shared) return this.#other.hashAt(count)
    let place = this.#marks.length - 1
    while ((this.#marks[place] as Mark).count > count) place -= 1
    const mark = this.#marks[place] as Mark
    if (mark.count === count) return mark.hash
    const hash = this.#hashFrom(this.#laterOf(mark), count)
    this.#marks.splice(place + 1, 0, { count, hash })
    return hash
  }

  /** Of a mark and the end of what is shared. */
  #laterOf(mark: Mark): Mark {
    if (this.#other === null || mark.count >= this.#shared) return mark
    return { count: this.#shared, hash: this.#other.hashAt(this.#shared) }
  }

  #hashFrom({ count: from, hash: first }: Mark, count: number): Bytes {
    let hash = first
    for (const key of this.slice(from, count)) hash = nextChainHash(hash, key, this.#hash)
    return hash
  }
}
