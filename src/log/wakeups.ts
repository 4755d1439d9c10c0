/**
 * @module log/wakeups
 *
 * How subscribers that have caught up sleep until there is more. Nothing is queued for them: whoever wakes pulls from
 * storage, so a slow one costs no memory, and an append costs only the subscribers that sleep on its stream.
 */

/** Ends one subscription: by its signal, by `return()` of its iterator, or by the closing of the log. */
export class Stop {
  #isStopped = false
  #wake: (() => void) | undefined

  get isStopped(): boolean {
    return this.#isStopped
  }

  stop(): void {
    this.#isStopped = true
    this.#wake?.()
  }

  /** What `stop` has to call: one sleeper at most. */
  set wake(wake: (() => void) | undefined) {
    this.#wake = wake
  }
}

/** Stands for all streams together. */
export const ALL = null
export type StreamOrAll = string | typeof ALL

export class Wakeups {
  readonly #sleepers = new Map<StreamOrAll, Set<() => void>>()
  #commits = 0

  /** Rises with each commit. Read it before looking at storage, then give it to `sleep`: no commit slips between. */
  get commits(): number {
    return this.#commits
  }

  sleep(stream: StreamOrAll, commitsSeen: number, stop: Stop): Promise<void> {
    if (commitsSeen !== this.#commits || stop.isStopped) return Promise.resolve()
    return new Promise((resolve) => {
      const sleepers = this.#sleepers.get(stream) ?? new Set()
      this.#sleepers.set(stream, sleepers)
      const wake = (): void => {
        stop.wake = undefined
        sleepers.delete(wake)
        if (sleepers.size === 0 && this.#sleepers.get(stream) === sleepers) this.#sleepers.delete(stream)
        resolve()
      }
      sleepers.add(wake)
      stop.wake = wake
    })
  }

  committed(streams: Iterable<string>): void {
    this.#commits += 1
    if (this.#sleepers.size === 0) return
    for (const stream of streams) this.#wakeAll(stream)
    this.#wakeAll(ALL)
  }

  wakeEverybody(): void {
    this.#commits += 1
    for (const stream of this.#sleepers.keys()) this.#wakeAll(stream)
  }

  #wakeAll(stream: StreamOrAll): void {
    for (const wake of this.#sleepers.get(stream) ?? []) wake()
  }
}
