/**
 * @module core/parsec/election/voters
 *
 * The voters of one election, and its majorities (parsec, notation).
 */

import type { PeerIndex } from '../graph/graph.ts'

/** `3c > 2n`. */
export function isSupermajority(count: number, of: number): boolean {
  return 3 * count > 2 * of
}

/** `3c >= n`. */
export function isAtLeastThird(count: number, of: number): boolean {
  return 3 * count >= of
}

function least(of: number, isEnough: (count: number, of: number) => boolean): number {
  let count = 0
  while (!isEnough(count, of)) count += 1
  return count
}

export class Voters {
  /** In order of id. A voter's place here is its *seat*. */
  readonly peers: readonly PeerIndex[]
  /** The least count that is a supermajority. */
  readonly majority: number
  /** The least count that is at least a third. */
  readonly third: number
  /** Words of a bit set of seats. */
  readonly words: number
  /** The set of all seats. */
  readonly everybody: Int32Array
  readonly #seatOf: Int32Array

  constructor(peersInOrder: readonly PeerIndex[]) {
    const count = peersInOrder.length
    this.peers = peersInOrder
    this.majority = least(Math.max(count, 1), isSupermajority)
    this.third = least(Math.max(count, 1), isAtLeastThird)
    this.words = Math.max(1, Math.ceil(count / 32))
    this.everybody = new Int32Array(this.words)
    this.#seatOf = new Int32Array(Math.max(0, ...peersInOrder) + 1).fill(-1)
    for (const [seat, peer] of peersInOrder.entries()) {
      this.#seatOf[peer] = seat
      this.everybody[seat >> 5] = (this.everybody[seat >> 5] as number) | (1 << (seat & 31))
    }
  }

  get count(): number {
    return this.peers.length
  }

  has(peer: PeerIndex): boolean {
    return this.seatOf(peer) >= 0
  }

  /** -1 for a peer that is no voter. */
  seatOf(peer: PeerIndex): number {
    return this.#seatOf[peer] ?? -1
  }

  isMajority(count: number): boolean {
    return count >= this.majority
  }
}
