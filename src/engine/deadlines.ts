/**
 * @module engine/deadlines
 *
 * Any number of deadlines on one timer: a binary heap, so that arming one among ten thousand costs O(log n).
 * Disarming is lazy: a disarmed entry is dropped when it reaches the top.
 */

import type { Clock } from '../ports/clock.ts'

interface Entry {
  readonly atMs: number
  /** Of two equal deadlines the one armed first passes first. */
  readonly sequence: number
  wake: (() => void) | undefined
}

const before = (a: Entry, b: Entry): boolean => a.atMs < b.atMs || (a.atMs === b.atMs && a.sequence < b.sequence)

export class Deadlines {
  readonly #clock: Clock
  readonly #heap: Entry[] = []
  #sequence = 0
  #armed: { readonly atMs: number; readonly cancel: () => void } | undefined

  constructor(clock: Clock) {
    this.#clock = clock
  }

  /** Calls `wake` once, at `atMs` or later. The returned function disarms. */
  arm(atMs: number, wake: () => void): () => void {
    const entry: Entry = { atMs, sequence: this.#sequence, wake }
    this.#sequence += 1
    this.#push(entry)
    this.#reschedule()
    return () => {
      entry.wake = undefined
      if (this.#heap[0] === entry) this.#reschedule()
    }
  }

  /** Disarms all. */
  clear(): void {
    this.#heap.length = 0
    this.#reschedule()
  }

  #reschedule(): void {
    while (this.#heap[0] !== undefined && this.#heap[0].wake === undefined) this.#pop()
    const next = this.#heap[0]
    if (next?.atMs === this.#armed?.atMs && (next === undefined) === (this.#armed === undefined)) return
    this.#armed?.cancel()
    this.#armed =
      next === undefined ? undefined : { atMs: next.atMs, cancel: this.#clock.schedule(next.atMs, () => this.#pass()) }
  }

  #pass(): void {
    this.#armed = undefined
    const nowMs = this.#clock.nowMs()
    for (let next = this.#heap[0]; next !== undefined && next.atMs <= nowMs; next = this.#heap[0]) {
      this.#pop()
      next.wake?.()
    }
    this.#reschedule()
  }

  #push(entry: Entry): void {
    const heap = this.#heap
    let at = heap.length
    heap.push(entry)
    while (at > 0) {
      const parent = (at - 1) >> 1
      const above = heap[parent] as Entry
      if (!before(entry, above)) break
      heap[at] = above
      at = parent
    }
    heap[at] = entry
  }

  #pop(): void {
    const heap = this.#heap
    const last = heap.pop()
    if (last === undefined || heap.length === 0) return
    let at = 0
    for (;;) {
      let child = 2 * at + 1
      if (child >= heap.length) break
      if (child + 1 < heap.length && before(heap[child + 1] as Entry, heap[child] as Entry)) child += 1
      if (!before(heap[child] as Entry, last)) break
      heap[at] = heap[child] as Entry
      at = child
    }
    heap[at] = last
  }
}
