/**
 * @module engine/peer/batcher
 *
 * Gathers payloads for one vote, up to a stated number, size and delay. The order within a batch is that of the calls.
 */

import type { Bytes } from '../../base/bytes.ts'
import { present } from '../../base/errors.ts'
import type { Clock } from '../../ports/clock.ts'
import type { BatchingOptions } from './options.ts'

interface Entry<Result> {
  readonly payload: Bytes
  readonly resolve: (result: Result) => void
  readonly reject: (error: unknown) => void
}

/** What a payload costs in a batch besides its bytes. */
const LENGTH_BYTES = 8

export class Batcher<Result> {
  readonly #options: BatchingOptions
  readonly #maxBytes: number
  readonly #clock: Clock
  readonly #flush: (payloads: readonly Bytes[]) => Promise<readonly Result[]>
  #waiting: Entry<Result>[] = []
  #bytes = 0
  #cancel: (() => void) | undefined

  constructor(
    options: BatchingOptions,
    maxBytes: number,
    clock: Clock,
    flush: (payloads: readonly Bytes[]) => Promise<readonly Result[]>,
  ) {
    this.#options = options
    this.#maxBytes = maxBytes
    this.#clock = clock
    this.#flush = flush
  }

  add(payload: Bytes): Promise<Result> {
    const cost = payload.length + LENGTH_BYTES
    if (this.#bytes + cost > this.#maxBytes) this.flush()
    return new Promise((resolve, reject) => {
      this.#waiting.push({ payload, resolve, reject })
      this.#bytes += cost
      if (this.#waiting.length >= this.#options.maxPayloads) this.flush()
      else this.#cancel ??= this.#clock.schedule(this.#clock.nowMs() + this.#options.maxDelayMs, () => this.flush())
    })
  }

  flush(): void {
    this.#cancel?.()
    this.#cancel = undefined
    const entries = this.#waiting
    this.#waiting = []
    this.#bytes = 0
    if (entries.length === 0) return
    void this.#settle(entries)
  }

  async #settle(entries: readonly Entry<Result>[]): Promise<void> {
    try {
      const results = await this.#flush(entries.map(({ payload }) => payload))
      for (const [i, { resolve }] of entries.entries())
        resolve(present(results[i], 'a batch gives one result a payload'))
    } catch (error) {
      for (const { reject } of entries) reject(error)
    }
  }
}
