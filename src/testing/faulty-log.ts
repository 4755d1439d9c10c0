/**
 * @module testing/faulty-log
 *
 * A log that fails when told to: for tests of what stands on one.
 *
 * Guarantees: what it does not make fail, it passes to the log inside, unchanged.
 */

import {
  type EventLog,
  type NewFact,
  NO_STREAM,
  type ReadOptions,
  type RecordedFact,
  type Revision,
  type SubscribeOptions,
} from '../ports/event-log.ts'
import { type AppendFault, appendError, isWritten } from './append-fault.ts'

/** Which fault an append meets; `undefined` for none. `attempt` counts appends from 0. */
export type FaultPlan = (append: {
  readonly attempt: number
  readonly stream: string
  readonly facts: readonly NewFact[]
}) => AppendFault | undefined

export class FaultyLog implements EventLog {
  readonly #inner: EventLog
  #plan: FaultPlan = () => undefined
  readonly #underWay = new Set<Promise<Revision>>()
  #attempts = 0
  #held: Promise<void> | undefined
  #areReadsDown = false

  constructor(inner: EventLog) {
    this.#inner = inner
  }

  /** Appends so far, failed ones too. */
  get attempts(): number {
    return this.#attempts
  }

  /** From the next append on, until the next plan. */
  plan(plan: FaultPlan): void {
    this.#plan = plan
  }

  /** The next `times` appends meet `fault`, those behind them none. */
  failNext(fault: AppendFault, times = 1): void {
    const until = this.#attempts + times
    this.#plan = ({ attempt }) => (attempt < until ? fault : undefined)
  }

  heal(): void {
    this.#plan = () => undefined
    this.#areReadsDown = false
  }

  /** Reads and subscriptions fail with `LogUnavailable` until `heal`. */
  failReads(): void {
    this.#areReadsDown = true
  }

  /** Appends wait, as on a slow disk, until the returned function is called; their order stays. */
  hold(): () => void {
    let release: (() => void) | undefined
    const held = new Promise<void>((resolve) => {
      release = resolve
    })
    this.#held = held
    return () => {
      if (this.#held === held) this.#held = undefined
      release?.()
    }
  }

  append(stream: string, facts: readonly NewFact[], expectedRevision: Revision): Promise<Revision> {
    const attempt = this.#attempts
    this.#attempts += 1
    const fault = this.#plan({ attempt, stream, facts })
    if (fault === undefined && this.#held === undefined) return this.#inner.append(stream, facts, expectedRevision)
    const answer = this.#appendFaultily(fault, stream, facts, expectedRevision)
    this.#underWay.add(answer)
    return answer.finally(() => this.#underWay.delete(answer))
  }

  async #appendFaultily(
    fault: AppendFault | undefined,
    ...append: readonly [string, readonly NewFact[], Revision]
  ): Promise<Revision> {
    await this.#held
    const revision = isWritten(fault) ? await this.#inner.append(...append) : NO_STREAM
    if (fault === undefined) return revision
    throw appendError(fault)
  }

  async *#guarded(facts: () => AsyncIterable<RecordedFact>): AsyncGenerator<RecordedFact, void, undefined> {
    if (this.#areReadsDown) throw appendError('unavailable')
    yield* facts()
  }

  read(stream: string, options?: ReadOptions): AsyncIterable<RecordedFact> {
    return this.#guarded(() => this.#inner.read(stream, options))
  }

  readAll(options?: ReadOptions): AsyncIterable<RecordedFact> {
    return this.#guarded(() => this.#inner.readAll(options))
  }

  /** Not wrapped when it works: `return()` of a waiting subscription must reach the log inside. */
  subscribe(stream: string, options?: SubscribeOptions): AsyncIterable<RecordedFact> {
    const facts = (): AsyncIterable<RecordedFact> => this.#inner.subscribe(stream, options)
    return this.#areReadsDown ? this.#guarded(facts) : facts()
  }

  subscribeAll(options?: SubscribeOptions): AsyncIterable<RecordedFact> {
    const facts = (): AsyncIterable<RecordedFact> => this.#inner.subscribeAll(options)
    return this.#areReadsDown ? this.#guarded(facts) : facts()
  }

  async lastRevision(stream: string): Promise<Revision> {
    if (this.#areReadsDown) throw appendError('unavailable')
    return this.#inner.lastRevision(stream)
  }

  /** Waits for held appends to be released, as a log waits for its disk. */
  async close(): Promise<void> {
    if (this.#underWay.size > 0) await Promise.allSettled(this.#underWay)
    await this.#inner.close()
  }
}
