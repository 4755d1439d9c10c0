/**
 * @module core/parsec/election/coin
 *
 * The coin of parsec §7, as a strategy.
 */

import type { EventIndex, PeerIndex } from '../graph/graph.ts'

export interface CoinToss {
  /** Number of the election, from 0. */
  readonly election: number
  /** The voter whose agreement tosses. */
  readonly about: PeerIndex
  /** The round that the coin opens: the one after its GenuineFlip. */
  readonly round: number
  /** The event that asks: a coin may depend on its ancestry, and on nothing else. */
  readonly at: EventIndex
}

export interface Coin {
  /** As written into the group's parameters. */
  readonly name: 'round-parity' | 'threshold'
  /** Null: not known yet at this event. */
  toss(toss: CoinToss): boolean | null
}

/** parsec §7: `round is odd`, where the round is the one that opens, as the reference counts. Common, but predictable. */
export const ROUND_PARITY: Coin = { name: 'round-parity', toss: ({ round }) => round % 2 === 1 }
