/**
 * @module core/parsec/block-queue
 *
 * Decided blocks that were not polled yet. Derived from the graph: replay makes them again, in the same order.
 */

import type { ConsensusMode, KeyIndex } from './election/keys.ts'
import type { Block } from './facts.ts'

export interface QueuedBlock<Payload> {
  readonly block: Block<Payload>
  readonly mode: ConsensusMode
  readonly key: KeyIndex
}

export class BlockQueue<Payload> {
  #queue: QueuedBlock<Payload>[] = []
  #head = 0
  #made = 0

  /** How many blocks were ever decided. */
  get made(): number {
    return this.#made
  }

  /** How many blocks were ever polled. */
  get polled(): number {
    return this.#made - this.waiting
  }

  get waiting(): number {
    return this.#queue.length - this.#head
  }

  /** So many were decided before what we start from. */
  startAt(made: number): void {
    this.#made = made
  }

  /** Those before were given by whom we take over from, or never will be. */
  skipTo(polled: number): void {
    while (this.polled < polled && this.shift() !== undefined);
  }

  push(block: QueuedBlock<Payload>): void {
    this.#queue.push(block)
    this.#made += 1
  }

  shift(): Block<Payload> | undefined {
    const next = this.#queue[this.#head]
    if (next === undefined) return undefined
    this.#head += 1
    if (this.#head > 256 && this.#head * 2 > this.#queue.length) {
      this.#queue = this.#queue.slice(this.#head)
      this.#head = 0
    }
    return next.block
  }

  all(): readonly QueuedBlock<Payload>[] {
    return this.#queue.slice(this.#head)
  }

  /** Blocks made since `made` was what it was then, as far as they are not polled. */
  since(made: number): readonly Block<Payload>[] {
    return this.#queue.slice(Math.max(this.#head, this.#queue.length - (this.#made - made))).map(({ block }) => block)
  }
}
