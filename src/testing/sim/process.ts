/**
 * @module testing/sim/process
 *
 * One life of a peer: what a crash ends. The code of a crashed peer goes on in this very program, but reaches nothing
 * outside any more: its clock wakes it no more, its log and its transport never answer.
 *
 * A crash may be planned for a dealing with the outside. To the outside these are all the instants there are: whatever
 * awaits and steps a peer goes through between two of them, nobody can tell.
 */

import type { Clock } from '../../ports/clock.ts'

/**
 * How a peer deals with the outside: an append begins, is durable and not yet answered, a reading begins, a message is
 * about to leave, a message is taken.
 */
export type Dealing = 'append' | 'durable' | 'read' | 'send' | 'receive'

export type CrashPlan = (dealing: Dealing, appends: number) => boolean

/** The n-th dealing from now on. */
export function nth(n: number): CrashPlan {
  let left = n
  return () => {
    left -= 1
    return left <= 0
  }
}

export class SimProcess implements Clock {
  readonly #clock: Clock
  readonly #ends: (() => void)[] = []
  #offsetMs: number
  #isMeant: CrashPlan | undefined
  #onCrash: (dealing: Dealing) => void = () => undefined
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

  /** Crashes at the first dealing that is meant; nothing plans no crash any more. */
  crashAt(isMeant: CrashPlan | undefined, onCrash: (dealing: Dealing) => void = () => undefined): void {
    this.#isMeant = isMeant
    this.#onCrash = onCrash
  }

  /** The peer deals with the outside, with so many appends under way. `false`: it died on it. */
  deal(dealing: Dealing, appends = 0): boolean {
    if (this.isDead) return false
    if (this.#isMeant?.(dealing, appends) !== true) return true
    this.#isMeant = undefined
    this.#onCrash(dealing)
    return !this.isDead
  }
}

/** What the dead wait for. */
export const never = <T>(): Promise<T> => new Promise<T>(() => undefined)
