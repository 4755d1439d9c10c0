/**
 * @module log/eventstoredb/event-store-db-log
 *
 * The log in EventStoreDB 24.10 or KurrentDB 25 and 26, one node or a cluster, over `@eventstore/db-client`.
 *
 * Guarantees: those of ports/event-log. Failures that may pass are retried within `timeoutMs`; a subscription goes on
 * for as long as it takes. What remains is a `LogError`.
 * Assumes: the server keeps every event (no $maxAge or $maxCount on our streams, no deletes), and acknowledges an
 * append when a majority of its nodes has it on disk, as it does by default.
 * What the caller owes: one writer for each stream; after a failed append, a rebuild from the log.
 */

import { setImmediate as nextTurn } from 'node:timers/promises'
import {
  type EventLog,
  type NewFact,
  type ReadOptions,
  type RecordedFact,
  type Revision,
  type SubscribeOptions,
} from '../../ports/event-log.ts'
import { type Logger, SILENT } from '../../ports/logger.ts'
import { checkExpectedRevision, checkedPlace, checkedRead, checkFacts, checkStreamName } from '../check.ts'
import { aborted, invalidArgument, logClosed } from '../errors.ts'
import { append, lastRevision } from './append.ts'
import { type Lease, leaseClient } from './client.ts'
import { parseConnectionString } from './connection-string.ts'
import { endable } from './ending.ts'
import { hidesOutcome } from './failures.ts'
import type { Patience } from './patience.ts'
import { AppendQueue } from './queue.ts'
import { readAll, readStream, subscribeAll, subscribeStream } from './reads.ts'
import type { Session } from './session.ts'

export interface EventStoreDbLogOptions extends Partial<Patience> {
  /** `esdb://user:password@host:2113?tls=false`, `esdb://a:2113,b:2113`, `esdb+discover://cluster.example`. */
  readonly url: string
  /** Default: silent. */
  readonly logger?: Logger
}

export const DEFAULT_PATIENCE: Patience = {
  timeoutMs: 20_000,
  attemptTimeoutMs: 5_000,
  retryDelayMs: 50,
  maxRetryDelayMs: 2_000,
}

type Bounds = Pick<ReadOptions, 'from' | 'direction' | 'maxCount'>

class EventStoreDbLog implements EventLog {
  readonly #session: Session
  readonly #lease: Lease
  readonly #closing = new AbortController()
  readonly #underWay = new Set<Promise<unknown>>()
  readonly #appends = new AppendQueue(hidesOutcome)
  #closed: Promise<void> | undefined

  constructor(options: EventStoreDbLogOptions) {
    const settings = parseConnectionString(options.url)
    const patience = patienceOf(options)
    this.#lease = leaseClient(settings)
    this.#session = {
      client: this.#lease.client,
      patience,
      logger: options.logger ?? SILENT,
      server: settings.shown,
    }
  }

  async append(stream: string, facts: readonly NewFact[], expectedRevision: Revision): Promise<Revision> {
    checkStreamName(stream)
    checkExpectedRevision(expectedRevision)
    checkFacts(facts)
    if (facts.length === 0 && this.#closed === undefined) return expectedRevision
    const begin = () => append(this.#session, stream, facts, expectedRevision)
    return this.#during(() => this.#appends.run(stream, expectedRevision, begin))
  }

  async lastRevision(stream: string): Promise<Revision> {
    checkStreamName(stream)
    return this.#during(() => lastRevision(this.#session, stream))
  }

  read(stream: string, options: ReadOptions = {}): AsyncIterable<RecordedFact> {
    const start = (bounds: Bounds, signal: AbortSignal) => readStream(this.#session, stream, bounds, signal)
    return this.#reading(options, start, () => checkStreamName(stream))
  }

  readAll(options: ReadOptions = {}): AsyncIterable<RecordedFact> {
    return this.#reading(options, (bounds, signal) => readAll(this.#session, bounds, signal))
  }

  subscribe(stream: string, options: SubscribeOptions = {}): AsyncIterable<RecordedFact> {
    const start = (after: bigint | undefined, signal: AbortSignal) =>
      subscribeStream(this.#session, stream, after, signal)
    return this.#subscribing(options, start, () => checkStreamName(stream))
  }

  subscribeAll(options: SubscribeOptions = {}): AsyncIterable<RecordedFact> {
    return this.#subscribing(options, (after, signal) => subscribeAll(this.#session, after, signal))
  }

  close(): Promise<void> {
    this.#closed ??= this.#close()
    return this.#closed
  }

  async #close(): Promise<void> {
    this.#closing.abort()
    await Promise.allSettled(this.#underWay)
    // A turn later whoever waits for an append has its result.
    await nextTurn()
    this.#lease.release()
  }

  async #during<Result>(operation: () => Promise<Result>): Promise<Result> {
    if (this.#closed !== undefined) throw logClosed()
    const result = operation()
    this.#underWay.add(result)
    try {
      return await result
    } finally {
      this.#underWay.delete(result)
    }
  }

  #reading(
    options: ReadOptions,
    start: (bounds: Bounds, signal: AbortSignal) => AsyncGenerator<RecordedFact, void, void>,
    check: () => void = () => undefined,
  ): AsyncIterable<RecordedFact> {
    const closing = this.#closing.signal
    async function* facts(signal: AbortSignal): AsyncGenerator<RecordedFact, void, void> {
      check()
      const { from, isBackward, maxCount } = checkedRead(options)
      throwIfOver(options, closing)
      const bounds: Bounds = {
        ...(options.from === undefined ? {} : { from }),
        direction: isBackward ? 'backward' : 'forward',
        maxCount,
      }
      yield* start(bounds, signal)
      throwIfOver(options, closing)
    }
    return endable(facts, signalsOf(options, closing))
  }

  #subscribing(
    options: SubscribeOptions,
    start: (after: bigint | undefined, signal: AbortSignal) => AsyncGenerator<RecordedFact, void, void>,
    check: () => void = () => undefined,
  ): AsyncIterable<RecordedFact> {
    const closing = this.#closing.signal
    async function* facts(signal: AbortSignal): AsyncGenerator<RecordedFact, void, void> {
      check()
      const after = options.after === undefined ? undefined : BigInt(checkedPlace('after', options.after, -1))
      if (closing.aborted) throw logClosed()
      yield* start(after, signal)
    }
    return endable(facts, signalsOf(options, closing))
  }
}

function throwIfOver(options: ReadOptions, closing: AbortSignal): void {
  if (options.signal?.aborted === true) throw aborted()
  if (closing.aborted) throw logClosed()
}

function signalsOf(options: { readonly signal?: AbortSignal }, closing: AbortSignal): readonly AbortSignal[] {
  return options.signal === undefined ? [closing] : [closing, options.signal]
}

function patienceOf(options: EventStoreDbLogOptions): Patience {
  const patience = { ...DEFAULT_PATIENCE }
  for (const name of Object.keys(DEFAULT_PATIENCE) as (keyof Patience)[]) {
    const value = options[name] ?? DEFAULT_PATIENCE[name]
    if (!Number.isSafeInteger(value) || value < 1 || value > MAX_TIMER_MS) {
      throw invalidArgument(name, value, `whole milliseconds from 1 to ${MAX_TIMER_MS}`)
    }
    patience[name] = value
  }
  return patience
}

/** The longest that a timer can wait. */
const MAX_TIMER_MS = 2 ** 31 - 1

/** Connects when first used. Throws `InvalidLogArgument` on options that are wrong. */
export function eventStoreDbLog(options: EventStoreDbLogOptions): EventLog {
  return new EventStoreDbLog(options)
}
