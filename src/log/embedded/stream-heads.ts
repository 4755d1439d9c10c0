/**
 * @module log/embedded/stream-heads
 *
 * The last revision of each stream in use, so that an append need not look for it. A cache over LevelDB: at most
 * `MAX_HEADS`, of which the oldest that nothing waits for make room.
 */

import type { Revision } from '../../ports/event-log.ts'

export interface StreamHead {
  /** Durable. */
  committed: Revision
  /** With the appends that wait to be written. */
  last: Revision
}

const MAX_HEADS = 50_000

export class StreamHeads {
  readonly #heads = new Map<string, StreamHead>()
  readonly #loading = new Map<string, Promise<void>>()
  readonly #read: (stream: string) => Promise<Revision>

  constructor(read: (stream: string) => Promise<Revision>) {
    this.#read = read
  }

  get(stream: string): StreamHead | undefined {
    return this.#heads.get(stream)
  }

  /**
   * Makes it known from storage. Look with `get` afterwards, and load again if it is gone by then: only a head that is
   * in the cache may be built upon. Callers at the same time share one look.
   */
  load(stream: string): Promise<void> {
    if (this.#heads.has(stream)) return Promise.resolve()
    const underWay = this.#loading.get(stream)
    if (underWay !== undefined) return underWay
    const loading = this.#look(stream, () => this.#loading.get(stream) === loading)
    this.#loading.set(stream, loading)
    return loading
  }

  /** `isCurrent` is false when all was forgotten meanwhile: what was read may be of before the failure. */
  async #look(stream: string, isCurrent: () => boolean): Promise<void> {
    try {
      const revision = await this.#read(stream)
      if (isCurrent()) this.#keep(stream, { committed: revision, last: revision })
    } finally {
      if (isCurrent()) this.#loading.delete(stream)
    }
  }

  /** After a failed write nothing is known but what is stored. */
  forgetAll(): void {
    this.#heads.clear()
    this.#loading.clear()
  }

  #keep(stream: string, head: StreamHead): void {
    this.#heads.set(stream, head)
    if (this.#heads.size <= MAX_HEADS) return
    for (const [name, { committed, last }] of this.#heads) {
      if (committed !== last || name === stream) continue
      this.#heads.delete(name)
      return
    }
  }
}
