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

  constructor(hash: (bytes: Bytes) => Bytes, keyOf: KeyOf) {
    this.#hash = hash
    this.#keyOf = keyOf
  }

  get count(): number {
    return this.#keys.length
  }

  push(key: KeyIndex): void {
    this.#keys.push(key)
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
    let place = this.#marks.length - 1
    while ((this.#marks[place] as Mark).count > count) place -= 1
    const mark = this.#marks[place] as Mark
    if (mark.count === count) return mark.hash
    let { hash } = mark
    for (const key of this.slice(mark.count, count)) hash = nextChainHash(hash, key, this.#hash)
    this.#marks.splice(place + 1, 0, { count, hash })
    return hash
  }
}
