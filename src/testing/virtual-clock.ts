/**
 * @module testing/virtual-clock
 *
 * A clock that moves only when told to. Wakes come in order of their time, and of two equal times in the order in which
 * they were scheduled, so a run is the same every time. While a wake runs, `nowMs()` is the time it was due.
 */

import { setImmediate } from 'node:timers/promises'
import { assert } from '../base/errors.ts'
import type { Clock } from '../ports/clock.ts'

interface Wake {
  readonly atMs: number
  readonly sequence: number
  readonly call: () => void
}

const isLater = (a: Wake, b: Wake): boolean => a.atMs > b.atMs || (a.atMs === b.atMs && a.sequence > b.sequence)

export class VirtualClock implements Clock {
  #nowMs: number
  #sequence = 0
  /** The next wake is last, so that taking it is cheap. */
  readonly #wakes: Wake[] = []

  constructor(startMs = 0) {
    this.#nowMs = startMs
  }

  nowMs(): number {
    return this.#nowMs
  }

  schedule(atMs: number, call: () => void): () => void {
    const wake: Wake = { atMs: Math.max(atMs, this.#nowMs), sequence: this.#sequence, call }
    this.#sequence += 1
    this.#wakes.splice(this.#placeOf(wake), 0, wake)
    return () => {
      const place = this.#placeOf(wake)
      if (this.#wakes[place] === wake) this.#wakes.splice(place, 1)
    }
  }

  /** When the next wake is due; nothing where none is scheduled. */
  get nextAtMs(): number | undefined {
    return this.#wakes.at(-1)?.atMs
  }

  get scheduledCount(): number {
    return this.#wakes.length
  }

  /** Moves to the next wake and runs it; `false` where none is scheduled. */
  runNext(): boolean {
    const wake = this.#wakes.pop()
    if (wake === undefined) return false
    this.#nowMs = wake.atMs
    wake.call()
    return true
  }

  /** Runs all that is due until `toMs`, also what is scheduled on the way, and stops there. */
  advanceTo(toMs: number): void {
    assert(toMs >= this.#nowMs, 'a virtual clock does not go back')
    while ((this.nextAtMs ?? Number.POSITIVE_INFINITY) <= toMs) this.runNext()
    this.#nowMs = toMs
  }

  advanceBy(byMs: number): void {
    this.advanceTo(this.#nowMs + byMs)
  }

  /** Like `advanceBy`, but lets promises settle before, between and after the wakes. */
  async advance(byMs: number): Promise<void> {
    const toMs = this.#nowMs + byMs
    await setImmediate()
    while ((this.nextAtMs ?? Number.POSITIVE_INFINITY) <= toMs) {
      this.runNext()
      await setImmediate()
    }
    this.#nowMs = Math.max(this.#nowMs, toMs)
  }

  /** Index of the first wake that is not later than `wake`. */
  #placeOf(wake: Wake): number {
    let low = 0
    let high = this.#wakes.length
    while (low < high) {
      const middle = (low + high) >>> 1
      const other = this.#wakes[middle]
      if (other !== undefined && isLater(other, wake)) low = middle + 1
      else high = middle
    }
    return low
  }
}
