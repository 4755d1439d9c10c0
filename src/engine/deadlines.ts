/**
 * @module engine/deadlines
 *
 * Any number of deadlines on one timer, in a heap, so that arming one among ten thousand costs O(log n).
 * Disarming is lazy: a disarmed entry is dropped when it reaches the top, or when such entries are most of the heap.
 */

import type { Clock } from '../ports/clock.ts'
import { Heap } from './heap.ts'

interface Entry {
  readonly atMs: number
  /** Of two equal deadlines the one armed first passes first. */
  readonly sequence: number
  wake: (() => void) | undefined
}

const before = (a: Entry, b: Entry): boolean => a.atMs < b.atMs || (a.atMs === b.atMs && a.sequence < b.sequence)

/** So few disarmed entries are never worth a sweep. */
const FEW = 64

export class Deadlines {
  readonly #clock: Clock
  readonly #heap = new Heap<Entry>(before)
  #sequence = 0
  /** Entries of the heap that are disarmed. */
  #disarmed = 0
  #armed: { readonly atMs: number; readonly cancel: () => void } | undefined

  constructor(clock: Clock) {
    this.#clock = clock
  }

  /** Calls `wake` once, at `atMs` or later. The returned function disarms. */
  arm(atMs: number, wake: () => void): () => void {
    const entry: Entry = { atMs, sequence: this.#sequence, wake }
    this.#sequence += 1
    this.#heap.push(entry)
    this.#reschedule()
    return () => {
      if (entry.wake === undefined) return
      entry.wake = undefined
      this.#disarmed += 1
      if (this.#disarmed > FEW && this.#disarmed > this.#heap.size / 2) this.#sweep()
      if (this.#heap.least === entry) this.#reschedule()
    }
  }

  /** Disarms all. */
  clear(): void {
    this.#heap.clear()
    this.#disarmed = 0
    this.#reschedule()
  }

  #sweep(): void {
    this.#heap.retain(({ wake }) => wake !== undefined)
    this.#disarmed = 0
    this.#reschedule()
  }

  #pop(): void {
    if (this.#heap.pop()?.wake === undefined) this.#disarmed -= 1
  }

  #reschedule(): void {
    while (this.#heap.least !== undefined && this.#heap.least.wake === undefined) this.#pop()
    const next = this.#heap.least
    if (next?.atMs === this.#armed?.atMs && (next === undefined) === (this.#armed === undefined)) return
    this.#armed?.cancel()
    this.#armed =
      next === undefined ? undefined : { atMs: next.atMs, cancel: this.#clock.schedule(next.atMs, () => this.#pass()) }
  }

  #pass(): void {
    this.#armed = undefined
    const nowMs = this.#clock.nowMs()
    for (let next = this.#heap.least; next !== undefined && next.atMs <= nowMs; next = this.#heap.least) {
      const { wake } = next
      this.#pop()
      next.wake = undefined
      wake?.()
    }
    this.#reschedule()
  }
}
