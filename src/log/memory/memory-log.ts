/**
 * @module log/memory/memory-log
 *
 * The log in this process's memory: for tests, simulations and services that need no history after a restart.
 *
 * Guarantees: those of ports/event-log, except that nothing survives the process. An append is done when the call
 * returns (its promise is for the port's sake), so that appends of one tick are in order of their calls.
 * Assumes: the caller does not change a fact after handing it over; facts are kept as they are, not copied.
 */

import type { EventLog, NewFact, RecordedFact, Revision } from '../../ports/event-log.ts'
import { checkExpectedRevision, checkFacts, checkStreamName } from '../check.ts'
import { logClosed, wrongExpectedRevision } from '../errors.ts'
import type { ChunkRequest } from '../pull.ts'
import { PulledLog } from '../pulled-log.ts'
import { recordedFact } from '../recorded.ts'
import { sameContent } from '../same-content.ts'
import { ALL } from '../wakeups.ts'

interface Entry {
  readonly stream: string
  readonly revision: Revision
  readonly position: number
  readonly fact: NewFact
}

class MemoryLog extends PulledLog<Entry> implements EventLog {
  readonly #all: Entry[] = []
  readonly #streams = new Map<string, Entry[]>()
  #isClosed = false

  get isClosed(): boolean {
    return this.#isClosed
  }

  append(stream: string, facts: readonly NewFact[], expectedRevision: Revision): Promise<Revision> {
    try {
      return Promise.resolve(this.#append(stream, facts, expectedRevision))
    } catch (error) {
      return Promise.reject(error)
    }
  }

  #append(stream: string, facts: readonly NewFact[], expected: Revision): Revision {
    checkStreamName(stream)
    checkExpectedRevision(expected)
    checkFacts(facts)
    if (this.#isClosed) throw logClosed()
    if (facts.length === 0) return expected
    const entries = this.#streams.get(stream) ?? []
    const last = expected + facts.length
    if (entries.length - 1 !== expected) {
      const isRetry =
        last < entries.length && facts.every((fact, i) => sameContent(fact, (entries[expected + 1 + i] as Entry).fact))
      if (isRetry) return last
      throw wrongExpectedRevision(stream, expected, entries.length - 1)
    }
    if (entries.length === 0) this.#streams.set(stream, entries)
    for (const fact of facts) {
      const entry = { stream, revision: entries.length, position: this.#all.length, fact }
      entries.push(entry)
      this.#all.push(entry)
    }
    this.wakeups.committed([stream])
    return last
  }

  chunk({ stream, from, isBackward, limit }: ChunkRequest): Promise<readonly Entry[]> {
    const entries = stream === ALL ? this.#all : (this.#streams.get(stream) ?? [])
    if (!isBackward) return Promise.resolve(entries.slice(from, from + limit))
    const end = Math.min(from, entries.length - 1) + 1
    return Promise.resolve(entries.slice(Math.max(0, end - limit), end).reverse())
  }

  decode({ stream, revision, position, fact }: Entry): RecordedFact {
    return recordedFact(stream, revision, BigInt(position), fact)
  }

  async lastRevision(stream: string): Promise<Revision> {
    checkStreamName(stream)
    if (this.#isClosed) throw logClosed()
    return (this.#streams.get(stream)?.length ?? 0) - 1
  }

  close(): Promise<void> {
    this.#isClosed = true
    this.wakeups.wakeEverybody()
    return Promise.resolve()
  }
}

/** A log in memory: empty, and gone with the process. */
export function memoryLog(): EventLog {
  return new MemoryLog()
}
