/**
 * @module log/eventstoredb/queue
 *
 * One append at a time for each stream. Each is a call of its own to the server, which may take two in either order.
 *
 * Guarantees: appends of a stream are tried in the order of their calls. Where one fails without an answer, those that
 * wait to follow on its facts fail in the same way: the stream is merely behind, which is no conflict.
 */

import type { Revision } from '../../ports/event-log.ts'

interface Tail {
  readonly expected: Revision
  readonly done: Promise<Revision>
}

export class AppendQueue {
  readonly #tails = new Map<string, Tail>()
  readonly #hidesOutcome: (error: unknown) => boolean

  /** `hidesOutcome`: whether after this error the facts may not be there. */
  constructor(hidesOutcome: (error: unknown) => boolean) {
    this.#hidesOutcome = hidesOutcome
  }

  async run(stream: string, expected: Revision, append: () => Promise<Revision>): Promise<Revision> {
    const done = this.#after(this.#tails.get(stream), expected, append)
    const tail = { expected, done }
    this.#tails.set(stream, tail)
    try {
      return await done
    } finally {
      if (this.#tails.get(stream) === tail) this.#tails.delete(stream)
    }
  }

  async #after(before: Tail | undefined, expected: Revision, append: () => Promise<Revision>): Promise<Revision> {
    try {
      await before?.done
    } catch (error) {
      if (before !== undefined && expected > before.expected && this.#hidesOutcome(error)) throw error
    }
    return append()
  }
}
