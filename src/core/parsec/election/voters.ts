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

export class Voters {
  /** In order of id. A voter's place here is its *seat*. */
  readonly peers: readonly PeerIndex[]
  readonly #seats: ReadonlyMap<PeerIndex, number>
  readonly #seatOf: Int32Array

  constructor(peersInOrder: readonly PeerIndex[]) {
    this.peers = peersInOrder
    this.#seats = new Map(peersInOrder.map((peer, seat) => [peer, seat]))
    this.#seatOf = new Int32Array(Math.max(0, ...peersInOrder) + 1).fill(-1)
    for (const [seat, peer] of peersInOrder.entries()) this.#seatOf[peer] = seat
  }

  get count(): number {
    return this.peers.length
  }

  has(peer: PeerIndex): boolean {
    return this.#seats.has(peer)
  }

  /** -1 for a peer that is no voter. */
  seatOf(peer: PeerIndex): number {
    return this.#seatOf[peer] ?? -1
  }

  isMajority(count: number): boolean {
    return isSupermajority(count, this.peers.length)
  }

  equals(other: Voters): boolean {
    return this.count === other.count && this.peers.every((peer) => other.has(peer))
  }
}
