/**
 * @module engine/refolding
 *
 * Keeps what is folded from a stream in step with its writer. After a failed append nobody knows by memory what was
 * written: the stream is folded again, once for all who ask, before anything else is decided upon it.
 */

import { NO_STREAM, type Revision } from '../ports/event-log.ts'
import type { StreamWriter } from './stream-writer.ts'

export interface Refold {
  /** The last revision that was read. */
  readonly revision: Revision | undefined
  /** Takes over what was folded; called at once when the writer is ready again. */
  readonly adopt: () => void
}

export class Refolding {
  readonly #writer: StreamWriter
  /** The failure that the present fold accounts for: a fence stays one. */
  #accountedFor: unknown
  #underWay: Promise<void> | undefined

  constructor(writer: StreamWriter) {
    this.#writer = writer
  }

  /** What is in memory is what the log holds, or is on its way there. */
  get isSound(): boolean {
    return this.#writer.failure === this.#accountedFor
  }

  /** Resolves when sound; fails with the log's error when it cannot be read, and may be asked for again. */
  async ensure(fold: () => Promise<Refold>): Promise<void> {
    while (!this.isSound) {
      this.#underWay ??= this.#refold(fold).finally(() => {
        this.#underWay = undefined
      })
      await this.#underWay
    }
  }

  async #refold(fold: () => Promise<Refold>): Promise<void> {
    await this.#writer.settled()
    const { revision = NO_STREAM, adopt } = await fold()
    if (!this.#writer.isFenced) this.#writer.restart(revision)
    this.#accountedFor = this.#writer.failure
    adopt()
  }
}
