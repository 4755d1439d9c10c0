/**
 * @module core/parsec/election/bit-counter
 *
 * Many counters at once, one for each bit of a set: adding a set adds one to the counter of each of its members. The
 * counters stand upright, their lowest bits in one word, the next bits in the next, so that one addition works on 32 of
 * them.
 */

export class BitCounter {
  readonly #words: number
  readonly #digits: number
  /** Digit by digit, lowest first, `words` words each. */
  readonly #planes: Int32Array
  /** No counter of a word is more than this. */
  readonly #added: Int32Array

  /** For sets of up to `32 * words` members, and up to `most` additions. */
  constructor(words: number, most: number) {
    this.#words = words
    this.#digits = 32 - Math.clz32(most)
    this.#planes = new Int32Array(words * this.#digits)
    this.#added = new Int32Array(words)
  }

  clear(): void {
    this.#planes.fill(0)
    this.#added.fill(0)
  }

  /** Adds the 32 members of word `word` of a set. */
  add(word: number, members: number): void {
    const planes = this.#planes
    const words = this.#words
    if (members === 0) return
    this.#added[word] = (this.#added[word] as number) + 1
    let carry = members
    for (let at = word; carry !== 0; at += words) {
      const digit = planes[at] as number
      planes[at] = digit ^ carry
      carry &= digit
    }
  }

  /** Which of the 32 counters of word `word` are at least `threshold`. */
  atLeast(word: number, threshold: number): number {
    if (threshold > (this.#added[word] as number)) return 0
    let greater = 0
    let equal = -1
    for (let digit = this.#digits - 1; digit >= 0; digit -= 1) {
      const plane = this.#planes[digit * this.#words + word] as number
      if (((threshold >> digit) & 1) === 0) {
        greater |= equal & plane
        equal &= ~plane
      } else {
        equal &= plane
      }
    }
    return greater | equal
  }
}
