/**
 * @module transport/memory/link
 *
 * The way from one peer to another: delays, loses, doubles and reorders as its faults say, drawing from the network's
 * randomness in the order of sending. What arrives while the recipient's lane is full waits here, and counts as queued.
 */

import type { Clock } from '../../ports/clock.ts'
import type { Random } from '../../ports/random.ts'
import { chance, fraction } from '../draw.ts'
import { Fifo } from '../fifo.ts'
import { queuedCost, type Way } from '../outbox.ts'
import type { LinkFaults, NetworkCounts } from './faults.ts'

export interface LinkOptions {
  readonly clock: Clock
  readonly random: Random
  readonly counts: NetworkCounts
  readonly faults: () => LinkFaults
  /** `full`: not now; `gone`: nobody there, or parted. */
  readonly deliver: (bytes: Uint8Array) => 'delivered' | 'full' | 'gone'
  /** Something left the link. */
  readonly onRoom: () => void
}

export class MemoryLink implements Way {
  readonly #options: LinkOptions
  readonly #arrived = new Fifo<Uint8Array>()
  #queuedBytes = 0
  #onTheWay = 0
  #lastArrivalMs = Number.NEGATIVE_INFINITY

  constructor(options: LinkOptions) {
    this.#options = options
  }

  get queuedBytes(): number {
    return this.#queuedBytes
  }

  take(bytes: Uint8Array): void {
    const { random, counts } = this.#options
    const { lossRate, duplicateRate } = this.#options.faults()
    counts.sent += 1
    if (chance(random, lossRate)) {
      counts.lost += 1
      return
    }
    const isDoubled = chance(random, duplicateRate)
    this.#start(bytes)
    if (!isDoubled) return
    counts.duplicated += 1
    this.#start(bytes)
  }

  /** Hands on what has arrived, as far as the recipient has room. */
  flush(): void {
    for (let bytes = this.#arrived.peek(); bytes !== undefined; bytes = this.#arrived.peek()) {
      const outcome = this.#options.deliver(bytes)
      if (outcome === 'full') return
      this.#arrived.shift()
      this.#queuedBytes -= queuedCost(bytes)
      this.#options.counts[outcome === 'gone' ? 'cut' : 'delivered'] += 1
      this.#options.onRoom()
    }
  }

  /** The copy is the recipient's own, and shows what the sender had when it sent. */
  #start(sent: Uint8Array): void {
    const bytes = sent.slice()
    this.#queuedBytes += queuedCost(bytes)
    const { clock } = this.#options
    const nowMs = clock.nowMs()
    const atMs = this.#arrivalMs(nowMs)
    if (atMs <= nowMs && this.#onTheWay === 0) {
      this.#arrive(bytes)
      return
    }
    this.#onTheWay += 1
    clock.schedule(atMs, () => {
      this.#onTheWay -= 1
      this.#arrive(bytes)
    })
  }

  #arrivalMs(nowMs: number): number {
    const { random, counts } = this.#options
    const { minDelayMs, maxDelayMs, reorderRate, maxHoldMs } = this.#options.faults()
    const delayMs = minDelayMs + (maxDelayMs > minDelayMs ? fraction(random) * (maxDelayMs - minDelayMs) : 0)
    const inOrderMs = Math.max(nowMs + delayMs, this.#lastArrivalMs)
    if (chance(random, reorderRate)) {
      counts.reordered += 1
      return inOrderMs + fraction(random) * maxHoldMs
    }
    this.#lastArrivalMs = inOrderMs
    return inOrderMs
  }

  #arrive(bytes: Uint8Array): void {
    this.#arrived.push(bytes)
    this.flush()
  }
}
