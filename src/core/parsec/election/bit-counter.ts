/**
 * @module core/parsec/election/bit-counter
 *
 * Many counters at once, one for each bit of a set: adding a set adds one to the counter of each of its members. The
 * counters stand upright, their lowest bits in one word, the next bits in the next, so that one addition works on 32 of
 * them.
 */

export class BitCounter {
  readonly #words: number
  /** Digit by digit, lowest first, `words` words each. Only the digits of `#added` mean something. */
  readonly #planes: Int32Array
  /** By word: additions so far. No counter of the word is more than this. */
  readonly #added: Int32Array

  /** For sets of up to `32 * words` members, and up to `most` additions. */
  constructor(words: number, most: number) {
    this.#words = words
    this.#planes = new Int32Array(words * (32 - Math.clz32(most)))
    this.#added = new Int32Array(words)
  }

  clear(): void {
    const added = this.#added
    for (let word = 0; word < added.length; word += 1) added[word] = 0
  }

  /** Adds the 32 members of word `word` of a set. */
  add(word: number, members: number): void {
    if (members === 0) return
    const planes = this.#planes
    const before = this.#added[word] as number
    this.#added[word] = before + 1
    let carry = members
    let at = word
    for (let digits = before; digits !== 0; digits >>= 1) {
      const digit = planes[at] as number
      planes[at] = digit ^ carry
      carry &= digit
      at += this.#words
    }
    // The number of additions has one digit more: what that digit held before is of another count.
    if ((before & (before + 1)) === 0) planes[at] = carry
  }

  /** Which of the 32 counters of word `word` are at least `threshold`. */
  atLeast(word: number, threshold: number): number {
    const added = this.#added[word] as number
    if (threshold > added) return 0
    let greater = 0
    let equal = -1
    for (let digit = 31 - Math.clz32(added); digit >= 0; digit -= 1) {
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
