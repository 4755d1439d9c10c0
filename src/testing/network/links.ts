/**
 * @module testing/network/links
 *
 * What happens to messages on their way: loss, delay (and with it reordering), duplication, partitions. Time is counted
 * in ticks.
 */

import type { SendMessage } from '../../core/parsec/index.ts'
import type { SeededRandom } from '../seeded-random.ts'

export interface LinkOptions {
  /** 0 to 1. */
  readonly lossRate: number
  readonly duplicationRate: number
  /** A message takes 1 to this many ticks; so later ones overtake it. */
  readonly maxDelayTicks: number
}

export interface Delivery {
  readonly kind: SendMessage['kind'] | 'summary' | 'summaryReply' | 'follow'
  /** Numbers of peers. */
  readonly from: number
  readonly to: number
  readonly bytes: Uint8Array
}

export class Links {
  readonly #random: SeededRandom
  readonly #options: LinkOptions
  readonly #due = new Map<number, Delivery[]>()
  /** Peers that are cut off from the others, among themselves connected. */
  #island: ReadonlySet<number> = new Set()

  constructor(random: SeededRandom, options: LinkOptions) {
    this.#random = random
    this.#options = options
  }

  /** Cuts these peers off from all others; an empty set heals. */
  cut(island: ReadonlySet<number>): void {
    this.#island = island
  }

  send(now: number, delivery: Delivery): void {
    const copies = this.#random.chance(this.#options.duplicationRate) ? 2 : 1
    for (let copy = 0; copy < copies; copy += 1) {
      if (this.#random.chance(this.#options.lossRate)) continue
      const at = now + this.#random.int(1, this.#options.maxDelayTicks)
      const due = this.#due.get(at)
      if (due === undefined) this.#due.set(at, [delivery])
      else due.push(delivery)
    }
  }

  /** What arrives at this tick, in any order. A partition holds when a message would arrive. */
  arriving(now: number): readonly Delivery[] {
    const due = this.#due.get(now) ?? []
    this.#due.delete(now)
    return this.#random.shuffle(due).filter(({ from, to }) => this.#island.has(from) === this.#island.has(to))
  }

  /** Nothing is on its way any more. */
  clear(): void {
    this.#due.clear()
  }
}
