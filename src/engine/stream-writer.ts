/**
 * @module engine/stream-writer
 *
 * The one writer of one stream: group commit with an expected revision.
 *
 * - One append is under way at a time; what is handed over meanwhile goes together in the next, in order. A group
 *   handed over in one call is never split.
 * - When an append fails, everything handed over and not yet durable fails with it, and the writer refuses more until
 *   `restart`: its owner must first discard what was not written and rebuild from the log.
 * - A `WrongExpectedRevision` is for good: somebody else writes here. There is no restart from it.
 */

import { assert } from '../base/errors.ts'
import { APPEND_LIMITS, type EventLog, LogError, type NewFact, NO_STREAM, type Revision } from '../ports/event-log.ts'
import { factSize } from './fact-size.ts'

interface Group {
  readonly facts: readonly NewFact[]
  readonly resolve: (revision: Revision) => void
  readonly reject: (error: unknown) => void
}

export class StreamWriter {
  readonly stream: string
  readonly #log: EventLog
  #revision: Revision | undefined
  /** Until the revision is known. */
  #findRevision: (() => Promise<Revision>) | undefined
  #pending: Group[] = []
  #writing: Promise<void> | undefined
  #failure: unknown

  /** `revision`: the last one of the stream, or how to find it before the first append. */
  constructor(log: EventLog, stream: string, revision: Revision | (() => Promise<Revision>)) {
    this.#log = log
    this.stream = stream
    this.#revision = typeof revision === 'number' ? revision : undefined
    this.#findRevision = typeof revision === 'number' ? undefined : revision
  }

  /** The last durable revision; `undefined` while it is not known yet. */
  get revision(): Revision | undefined {
    return this.#revision
  }

  /** Nothing is under way. */
  get isIdle(): boolean {
    return this.#writing === undefined
  }

  get failure(): unknown {
    return this.#failure
  }

  /** Somebody else writes this stream: it is not ours any more. */
  get isFenced(): boolean {
    return this.#failure instanceof LogError && this.#failure.code === 'WrongExpectedRevision'
  }

  /** Resolves when the facts are durable; they stand together and after all handed over before. */
  append(facts: readonly NewFact[]): Promise<Revision> {
    if (this.#failure !== undefined) return Promise.reject(this.#failure)
    return new Promise((resolve, reject) => {
      this.#pending.push({ facts, resolve, reject })
      this.#writing ??= this.#drain()
    })
  }

  /** When all that was handed over is durable or has failed. */
  async settled(): Promise<void> {
    while (this.#writing !== undefined) await this.#writing
  }

  /** After a failure, once the owner has rebuilt from the log. */
  restart(revision: Revision): void {
    assert(this.isIdle, 'a writer restarts when nothing is under way')
    assert(!this.isFenced, 'a fenced writer never writes again')
    this.#failure = undefined
    this.#revision = revision
  }

  async #drain(): Promise<void> {
    // One turn of the microtask queue, so that what is handed over in the same step goes together.
    await Promise.resolve()
    while (this.#pending.length > 0) {
      const groups = this.#take()
      const facts = groups.length === 1 ? (groups[0] as Group).facts : groups.flatMap((group) => group.facts)
      try {
        const revision = this.#revision ?? (await this.#findRevision?.()) ?? NO_STREAM
        this.#revision = await this.#log.append(this.stream, facts, revision)
        this.#findRevision = undefined
      } catch (error) {
        this.#fail(error, groups)
        break
      }
      for (const group of groups) group.resolve(this.#revision)
    }
    this.#writing = undefined
  }

  #take(): Group[] {
    if (this.#pending.length === 1) return this.#pending.splice(0)
    let facts = 0
    let bytes = 0
    let count = 0
    for (const group of this.#pending) {
      facts += group.facts.length
      for (const fact of group.facts) bytes += factSize(fact)
      if (count > 0 && (facts > APPEND_LIMITS.maxFacts || bytes > APPEND_LIMITS.maxBytes)) break
      count += 1
    }
    return this.#pending.splice(0, count)
  }

  #fail(error: unknown, groups: readonly Group[]): void {
    this.#failure = error
    const lost = [...groups, ...this.#pending]
    this.#pending = []
    for (const group of lost) group.reject(error)
  }
}
