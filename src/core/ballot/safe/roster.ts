/**
 * @module core/ballot/safe/roster
 *
 * The voters of one proposal (ballots §8.1) and how many of them decide (§8.3).
 */

import { type Bytes, compareBytes } from '../../../base/bytes.ts'
import { BALLOT_LIMITS } from '../../../wire/ballot/index.ts'
import { requiredVotes } from '../tally.ts'
import { refuseSafe } from './errors.ts'

/** 1 to 10,000 distinct keys, ascending; a voter is known by its place. */
export class Roster {
  readonly keys: readonly Bytes[]

  private constructor(keys: readonly Bytes[]) {
    this.keys = keys
  }

  /** In any order; throws `InvalidRoster` for none, too many, or a key twice. */
  static of(keys: readonly Bytes[]): Roster {
    // ballots §8.1
    if (keys.length === 0) throw refuseSafe({ code: 'InvalidRoster', why: 'it is empty' })
    if (keys.length > BALLOT_LIMITS.maxRosterKeys) {
      throw refuseSafe({ code: 'InvalidRoster', why: `it has ${keys.length} keys` })
    }
    const sorted = [...keys].sort(compareBytes)
    const isDoubled = sorted.some((key, i) => i > 0 && compareBytes(sorted[i - 1] as Bytes, key) === 0)
    if (isDoubled) throw refuseSafe({ code: 'InvalidRoster', why: 'it holds a key twice' })
    return new Roster(sorted)
  }

  get size(): number {
    return this.keys.length
  }

  /** Its place, or -1. */
  indexOf(key: Bytes): number {
    let low = 0
    let high = this.keys.length - 1
    while (low <= high) {
      const middle = (low + high) >> 1
      const order = compareBytes(this.keys[middle] as Bytes, key)
      if (order === 0) return middle
      if (order < 0) low = middle + 1
      else high = middle - 1
    }
    return -1
  }

  has(key: Bytes): boolean {
    return this.indexOf(key) >= 0
  }

  equals(other: Roster): boolean {
    return this.size === other.size && this.keys.every((key, i) => compareBytes(key, other.keys[i] as Bytes) === 0)
  }
}

/**
 * How many owners of one choice decide. Two such sets share more owners than can be faulty: 2q - n >= n/3, while fewer than
 * n/3 are faulty. With a threshold of 1 one silent owner keeps a proposal undecided.
 */
export function quorumOf(rosterSize: number, threshold: number): number {
  // ballots §8.3
  return Math.max(Math.floor((2 * rosterSize + 2) / 3), requiredVotes(rosterSize, threshold))
}
