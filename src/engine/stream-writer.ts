/**
 * @module engine/stream-writer
 *
 * The one writer of one stream: group commit with an expected revision.
 *
 * - One append is under way at a time; what is handed over meanwhile goes together in the next, in order. What is
 *   handed over in one call is never split. All that go in one append wait for one promise.
 * - When an append fails, everything handed over and not yet durable fails with it, and the writer refuses more until
 *   `restart`: its owner must first discard what was not written and rebuild from the log.
 * - A `WrongExpectedRevision` is for good: somebody else writes here. There is no restart from it.
 */

import { assert, present } from '../base/errors.ts'
import { APPEND_LIMITS, type EventLog, LogError, type NewFact, NO_STREAM, type Revision } from '../ports/event-log.ts'
import { factSize } from './fact-size.ts'

/** What goes in one append. */
interface Batch {
  readonly facts: NewFact[]
  bytes: number
  readonly done: Promise<Revision>
  readonly resolve: (revision: Revision) => void
  readonly reject: (error: unknown) => void
}

function newBatch(): Batch {
  let settle: Pick<Batch, 'resolve' | 'reject'> | undefined
  const done = new Promise<Revision>((resolve, reject) => {
    settle = { resolve, reject }
  })
  return { facts: [], bytes: 0, done, ...present(settle, 'a promise is made at once') }
}

export class StreamWriter {
  readonly stream: string
  readonly #log: EventLog
  #revision: Revision | undefined
  /** Until the revision is known. */
  #findRevision: (() => Promise<Revision>) | undefined
  /** The last one still takes more. */
  #pending: Batch[] = []
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
    const { done } = this.#add(facts)
    this.#writing ??= this.#drain()
    return done
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
    for (let batch = this.#pending.shift(); batch !== undefined; batch = this.#pending.shift()) {
      try {
        const revision = this.#revision ?? (await this.#findRevision?.()) ?? NO_STREAM
        this.#revision = await this.#log.append(this.stream, batch.facts, revision)
        this.#findRevision = undefined
      } catch (error) {
        this.#fail(error, batch)
        break
      }
      batch.resolve(this.#revision)
    }
    this.#writing = undefined
  }

  #add(facts: readonly NewFact[]): Batch {
    let bytes = 0
    for (const fact of facts) bytes += factSize(fact)
    let batch = this.#pending.at(-1)
    const hasRoom =
      batch !== undefined &&
      batch.facts.length + facts.length <= APPEND_LIMITS.maxFacts &&
      batch.bytes + bytes <= APPEND_LIMITS.maxBytes
    if (batch === undefined || !hasRoom) {
      batch = newBatch()
      this.#pending.push(batch)
    }
    for (const fact of facts) batch.facts.push(fact)
    batch.bytes += bytes
    return batch
  }

  #fail(error: unknown, batch: Batch): void {
    this.#failure = error
    const lost = [batch, ...this.#pending]
    this.#pending = []
    for (const { reject } of lost) reject(error)
  }
}
