/**
 * @module testing/seeded-random
 *
 * Randomness that a seed replays: xoshiro128** (Blackman and Vigna, "Scrambled linear pseudorandom number generators"),
 * its state taken from SHA-256 of the seed. For tests and simulations only: who sees some output can foretell the rest.
 */

import { sha256 } from '@noble/hashes/sha2.js'
import { utf8 } from '../base/bytes.ts'
import { assert, present } from '../base/errors.ts'
import type { Random } from '../ports/random.ts'

const rotate = (word: number, by: number): number => (word << by) | (word >>> (32 - by))

export class SeededRandom implements Random {
  /** Print it where a run fails. */
  readonly seed: string
  readonly #state: Uint32Array

  constructor(seed: string | number) {
    this.seed = String(seed)
    const digest = sha256(utf8(this.seed))
    const view = new DataView(digest.buffer, digest.byteOffset)
    this.#state = Uint32Array.from({ length: 4 }, (_, i) => view.getUint32(4 * i, true))
  }

  /** An independent generator for one part of a run, so that a change in one part leaves the draws of others alone. */
  fork(name: string): SeededRandom {
    return new SeededRandom(`${this.seed}/${name}`)
  }

  /** 0 to 2^32 - 1. */
  uint32(): number {
    const state = this.#state
    const [s0 = 0, s1 = 0, s2 = 0, s3 = 0] = state
    const result = Math.imul(rotate(Math.imul(s1, 5), 7), 9) >>> 0
    const t2 = s2 ^ s0
    const t3 = s3 ^ s1
    state[1] = s1 ^ t2
    state[0] = s0 ^ t3
    state[2] = t2 ^ (s1 << 9)
    state[3] = rotate(t3, 11)
    return result
  }

  bytes(count: number): Uint8Array {
    const bytes = new Uint8Array(count)
    for (let at = 0; at < count; at += 4) {
      const word = this.uint32()
      for (let i = 0; i < 4 && at + i < count; i += 1) bytes[at + i] = word >>> (8 * i)
    }
    return bytes
  }

  /** At least 0, below 1, in steps of 2^-53. */
  fraction(): number {
    return ((this.uint32() >>> 5) * 0x400_0000 + (this.uint32() >>> 6)) / 2 ** 53
  }

  /** A whole number from `low` to `high`, both included. */
  int(low: number, high: number): number {
    assert(Number.isSafeInteger(low) && Number.isSafeInteger(high) && low <= high, 'int needs low <= high')
    return low + Math.floor(this.fraction() * (high - low + 1))
  }

  /** `true` in a share `rate` (0 to 1) of the calls. */
  chance(rate: number): boolean {
    return this.fraction() < rate
  }

  pick<T>(items: readonly T[]): T {
    assert(items.length > 0, 'pick needs an item')
    return present(items[this.int(0, items.length - 1)], 'the index is below the length')
  }

  /** A new array with the same items (Fisher and Yates). */
  shuffle<T>(items: readonly T[]): T[] {
    const shuffled = [...items]
    for (let last = shuffled.length - 1; last > 0; last -= 1) {
      const other = this.int(0, last)
      const moved = shuffled[last] as T
      shuffled[last] = shuffled[other] as T
      shuffled[other] = moved
    }
    return shuffled
  }
}
