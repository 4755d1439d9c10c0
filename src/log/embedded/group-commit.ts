/**
 * @module log/embedded/group-commit
 *
 * Writes appends that wait together as one synced, atomic batch, while the next ones gather.
 *
 * Guarantees: appends are written in order of `add`; each is settled exactly once. When a write fails, its outcome is
 * looked up (`isWritten`): the appends of a batch that is there after all succeed. Otherwise they fail, and so do those
 * behind them, which were built upon them; `onFailure` is called before any of them learns of it.
 * Bounds: `MAX_PENDING_BYTES` of records wait at most; more are refused.
 */

import type { Revision } from '../../ports/event-log.ts'
import { logUnavailable } from '../errors.ts'
import type { Put } from './level-store.ts'

export interface PendingAppend {
  readonly stream: string
  readonly puts: readonly Put[]
  /** UTF-16 units of the values. */
  readonly size: number
  readonly lastRevision: Revision
  readonly lastPosition: number
}

export interface CommitTarget {
  /** Durable when it resolves. */
  write(group: readonly PendingAppend[]): Promise<void>
  isWritten(group: readonly PendingAppend[]): Promise<boolean>
  onWritten(group: readonly PendingAppend[]): void
  onFailure(): void
}

/** Keeps a commit, and with it the latency of those that wait for the next one, short. */
const MAX_GROUP_SIZE = 4 * 1024 * 1024
export const MAX_PENDING_BYTES = 64 * 1024 * 1024

interface Waiting {
  readonly append: PendingAppend
  readonly resolve: (revision: Revision) => void
  readonly reject: (error: unknown) => void
}

export class GroupCommit {
  readonly #target: CommitTarget
  #queue: Waiting[] = []
  #queuedSize = 0
  #isRunning = false
  #addedCount = 0
  #settledCount = 0
  /** In order of `until`. */
  readonly #sleepers: { readonly until: number; readonly wake: () => void }[] = []

  constructor(target: CommitTarget) {
    this.#target = target
  }

  checkRoom(): void {
    if (this.#queuedSize < MAX_PENDING_BYTES) return
    throw logUnavailable('append', `${this.#queuedSize} bytes wait to be written: await appends before adding more`)
  }

  add(append: PendingAppend): Promise<Revision> {
    return new Promise((resolve, reject) => {
      this.#queue.push({ append, resolve, reject })
      this.#queuedSize += append.size
      this.#addedCount += 1
      if (this.#isRunning) return
      this.#isRunning = true
      // Not at once: whoever appends in this turn of the event loop shares the first write.
      setImmediate(() => void this.#run())
    })
  }

  /** Resolves when every append that was added so far is settled. */
  settled(): Promise<void> {
    if (this.#settledCount === this.#addedCount) return Promise.resolve()
    return new Promise((wake) => this.#sleepers.push({ until: this.#addedCount, wake }))
  }

  async #run(): Promise<void> {
    while (this.#queue.length > 0) await this.#commit(this.#takeGroup())
    this.#isRunning = false
  }

  #takeGroup(): readonly Waiting[] {
    let count = 0
    let size = 0
    while (count < this.#queue.length && size < MAX_GROUP_SIZE) {
      size += this.#queue[count]?.append.size ?? 0
      count += 1
    }
    this.#queuedSize -= size
    return this.#queue.splice(0, count)
  }

  async #commit(group: readonly Waiting[]): Promise<void> {
    const appends = group.map(({ append }) => append)
    const failure = await this.#write(appends)
    if (failure === undefined) {
      this.#target.onWritten(appends)
      for (const { append, resolve } of group) resolve(append.lastRevision)
      this.#settle(group.length)
    } else {
      const behind = this.#queue
      this.#queue = []
      this.#queuedSize = 0
      this.#target.onFailure()
      for (const { reject } of [...group, ...behind]) reject(failure.error)
      this.#settle(group.length + behind.length)
    }
  }

  #settle(count: number): void {
    this.#settledCount += count
    while ((this.#sleepers[0]?.until ?? Number.POSITIVE_INFINITY) <= this.#settledCount) this.#sleepers.shift()?.wake()
  }

  async #write(appends: readonly PendingAppend[]): Promise<{ readonly error: unknown } | undefined> {
    try {
      await this.#target.write(appends)
      return undefined
    } catch (error) {
      try {
        return (await this.#target.isWritten(appends)) ? undefined : { error }
      } catch {
        // Not to be found out now. The first failure says more than this one; a retry of the append will tell.
        return { error }
      }
    }
  }
}
