/**
 * @module testing/sim/process
 *
 * One life of a peer: what a crash ends. The code of a crashed peer goes on in this very program, but reaches nothing
 * outside any more: its clock wakes it no more, its log and its transport never answer.
 *
 * A crash may be set for the n-th dealing with the outside from now on. To the outside these are all the instants there
 * are: whatever a peer does between two of them, nobody can tell.
 */

import type { Clock } from '../../ports/clock.ts'

export class SimProcess implements Clock {
  readonly #clock: Clock
  readonly #ends: (() => void)[] = []
  #offsetMs: number
  #dealingsLeft = Number.POSITIVE_INFINITY
  #onCrash: () => void = () => undefined
  #awakeAtMs = 0
  readonly #nothing = (): void => undefined
  isDead = false
  /** Planted: its timers never fire. */
  losesTimers = false

  constructor(clock: Clock, offsetMs: number) {
    this.#clock = clock
    this.#offsetMs = offsetMs
  }

  get offsetMs(): number {
    return this.#offsetMs
  }

  /** Sets the peer's clock forward or back; timers that run keep their length, as on a real machine. */
  jump(byMs: number): void {
    this.#offsetMs += byMs
  }

  /** Stops the process for a while: it gets no timers and no messages; its appends go on. */
  pause(forMs: number): void {
    this.#awakeAtMs = this.#clock.nowMs() + forMs
  }

  /** When it runs again, if it is asleep. */
  async awake(): Promise<void> {
    while (this.#clock.nowMs() < this.#awakeAtMs) {
      await new Promise<void>((resolve) => this.#clock.schedule(this.#awakeAtMs, resolve))
    }
  }

  nowMs(): number {
    return this.#clock.nowMs() + this.#offsetMs
  }

  schedule(atMs: number, wake: () => void): () => void {
    let cancel = this.#nothing
    const arm = (): void => {
      const leftMs = Math.max(0, atMs - this.nowMs())
      cancel = this.#clock.schedule(this.#clock.nowMs() + leftMs, () => {
        if (this.isDead || this.losesTimers) return
        if (this.#clock.nowMs() < this.#awakeAtMs) cancel = this.#clock.schedule(this.#awakeAtMs, arm)
        else if (this.nowMs() < atMs) arm()
        else wake()
      })
    }
    arm()
    return () => cancel()
  }

  /** Called at the end of this life, in order. */
  atEnd(end: () => void): void {
    this.#ends.push(end)
  }

  crash(): void {
    if (this.isDead) return
    this.isDead = true
    for (const end of this.#ends) end()
  }

  crashAfter(dealings: number, onCrash: () => void): void {
    this.#dealingsLeft = dealings
    this.#onCrash = onCrash
  }

  /** The peer deals with the outside. `false`: it died on it. */
  deal(): boolean {
    if (this.isDead) return false
    this.#dealingsLeft -= 1
    if (this.#dealingsLeft > 0) return true
    this.#dealingsLeft = Number.POSITIVE_INFINITY
    this.#onCrash()
    return !this.isDead
  }
}

/** What the dead wait for. */
export const never = <T>(): Promise<T> => new Promise<T>(() => undefined)
