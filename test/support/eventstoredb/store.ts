/**
 * @module test/support/eventstoredb/store
 *
 * The memory of the stand-in server: one log, streams over it. It outlives restarts of the listener and is shared by
 * the nodes of a stand-in cluster. Decides appends as EventStoreDB does: an append behind the end of its stream
 * succeeds if exactly these event ids stand there (and answers the revision of the last of *them*), a partial match is
 * corrupted idempotency, anything else is a wrong expected version.
 */

import { EventEmitter, once } from 'node:events'

export interface ProposedEvent {
  readonly id: string
  readonly type: string
  readonly contentType: string
  readonly data: Uint8Array
  readonly metadata: Uint8Array
}

export interface StoredEvent extends ProposedEvent {
  readonly stream: string
  readonly revision: number
  /** Grows like offsets in the transaction file: by more than one. */
  readonly position: bigint
  readonly createdTicks: bigint
}

export type Expected = number | 'no_stream' | 'any' | 'stream_exists'

export type AppendOutcome =
  | { readonly kind: 'success'; readonly revision: number; readonly position: bigint; readonly idempotent: boolean }
  | { readonly kind: 'wrong-expected-version'; readonly current: number }
  | { readonly kind: 'corrupted-idempotency' }

const NO_EVENTS: readonly StoredEvent[] = []
const STATISTICS_EVERY = 7
const utf8 = new TextEncoder()

const own = (): Omit<ProposedEvent, 'type'> => ({
  id: crypto.randomUUID(),
  contentType: 'application/json',
  data: utf8.encode('{}'),
  metadata: new Uint8Array(),
})

export class EventStore {
  readonly log: StoredEvent[] = []
  readonly #streams = new Map<string, StoredEvent[]>()
  readonly #changes = new EventEmitter({ captureRejections: false }).setMaxListeners(0)
  #nextPosition = 0n
  #appends = 0

  constructor() {
    this.#writeStatistics()
  }

  stream(name: string): readonly StoredEvent[] | undefined {
    return this.#streams.get(name)
  }

  /** Waits for the next change of the log, or for the signal. */
  async changed(signal: AbortSignal): Promise<void> {
    await once(this.#changes, 'change', { signal }).catch(() => undefined)
  }

  append(stream: string, expected: Expected, events: readonly ProposedEvent[]): AppendOutcome {
    const current = (this.#streams.get(stream) ?? NO_EVENTS).length - 1
    const decided = this.#decide(stream, current, expected, events)
    if (decided !== undefined) return decided
    for (const event of events) this.#write(stream, event)
    this.#appends += 1
    const position = this.log.at(-1)?.position ?? 0n
    if (this.#appends % STATISTICS_EVERY === 0) this.#writeStatistics()
    this.#changes.emit('change')
    return { kind: 'success', revision: current + events.length, position, idempotent: false }
  }

  #decide(
    stream: string,
    current: number,
    expected: Expected,
    events: readonly ProposedEvent[],
  ): AppendOutcome | undefined {
    if (expected === 'any') return undefined
    if (expected === 'stream_exists') return current >= 0 ? undefined : { kind: 'wrong-expected-version', current }
    const base = expected === 'no_stream' ? -1 : expected
    if (base === current) return undefined
    if (base > current) return { kind: 'wrong-expected-version', current }
    const present = this.#streams.get(stream) ?? NO_EVENTS
    let last: StoredEvent | undefined
    for (const [index, event] of events.entries()) {
      const there = present[base + 1 + index]
      if (there?.id !== event.id) {
        return index === 0 ? { kind: 'wrong-expected-version', current } : { kind: 'corrupted-idempotency' }
      }
      last = there
    }
    if (last === undefined) return { kind: 'wrong-expected-version', current }
    return { kind: 'success', revision: last.revision, position: last.position, idempotent: true }
  }

  #write(stream: string, event: ProposedEvent): void {
    const events = this.#streams.get(stream) ?? []
    this.#streams.set(stream, events)
    const stored: StoredEvent = {
      ...event,
      stream,
      revision: events.length,
      position: this.#nextPosition,
      createdTicks: BigInt(Date.now()) * 10_000n,
    }
    this.#nextPosition += BigInt(100 + event.data.length + event.metadata.length)
    events.push(stored)
    this.log.push(stored)
  }

  /** A real server writes its own events into $all, between ours: one in a system stream, one of a system type elsewhere. */
  #writeStatistics(): void {
    this.#write('$stats-127.0.0.1:2113', { ...own(), type: '$statsCollected' })
    this.#write('$projections-master', { ...own(), type: 'ProjectionUpdated' })
    this.#write('other-application', { ...own(), type: '$>' })
  }
}
