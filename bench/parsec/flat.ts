/**
 * @module bench/parsec/flat
 *
 * Whether an event costs the same late in a long run, and what settled events hold in memory.
 */

import type { Parsec } from '../../src/core/parsec/index.ts'
import { heapBytes, median } from '../support/measure.ts'
import type { SuiteOptions, Table } from '../support/report.ts'
import { type LongRun, longRun } from './network.ts'
import { perform } from './part.ts'

const LONG_MEMBERS = 4
const LONG_EVENTS = 100_000
const MEMORY_MEMBERS = 8
const MEMORY_EVENTS = 20_000
const TENTHS = 10

/** Microseconds an event, by tenths of the run. */
function byTenths({ part, events }: LongRun): number[] {
  const spent = Array.from({ length: TENTHS }, () => 0)
  const made = Array.from({ length: TENTHS }, () => 0)
  const parsec = part.start(part.signer)
  for (const operation of part.operations) {
    const before = parsec.eventCount
    const tenth = Math.min(TENTHS - 1, Math.floor((before / events) * TENTHS))
    const begin = performance.now()
    perform(parsec, operation)
    spent[tenth] = (spent[tenth] ?? 0) + performance.now() - begin
    made[tenth] = (made[tenth] ?? 0) + parsec.eventCount - before
  }
  return spent.map((ms, tenth) => (ms * 1000) / (made[tenth] ?? 1))
}

export function flatCost({ rounds, say }: SuiteOptions): Table {
  say(`a run of ${LONG_EVENTS} events`)
  const run = longRun(LONG_MEMBERS, LONG_EVENTS)
  const measured = Array.from({ length: rounds }, () => byTenths(run))
  const medians = Array.from({ length: TENTHS }, (_, tenth) => median(measured.map((round) => round[tenth] ?? 0)))
  const rows = medians.map((cost, tenth) => [`${tenth + 1}`, cost, cost / (medians[0] ?? Number.NaN)])
  return {
    title: `Cost of an event over a run of ${run.events.toLocaleString('en')}, n = ${LONG_MEMBERS}, µs`,
    columns: ['tenth', 'µs an event', 'to the first'],
    rows,
    notes: ['Default rules, single votes, signatures that count as valid; everything is settled as it goes.'],
  }
}

interface Held {
  readonly parsec: Parsec
  /** Of all events, encoded. */
  readonly encodedBytes: number
}

/** Messages are copied, so that what the engine keeps of them counts. */
function replayed({ part }: LongRun): Held {
  const parsec = part.start(part.signer)
  let encodedBytes = 0
  for (const operation of part.operations) {
    const fresh = 'message' in operation ? { ...operation, message: operation.message.slice() } : operation
    for (const fact of perform(parsec, fresh)?.facts ?? []) {
      if (fact.type === 'GossipEventAccepted') encodedBytes += fact.bytes.length
    }
  }
  return { parsec, encodedBytes }
}

/** Bytes of the heap for an event besides its own encoding, which the engine keeps. */
export function memoryPerEvent({ say }: SuiteOptions): Table {
  say('memory of settled events')
  const run = longRun(MEMORY_MEMBERS, MEMORY_EVENTS)
  const before = heapBytes()
  const { parsec, encodedBytes } = replayed(run)
  const bytes = (heapBytes() - before) / parsec.eventCount
  const encoded = encodedBytes / parsec.eventCount
  return {
    title: `Memory of an event, n = ${MEMORY_MEMBERS}, ${parsec.eventCount.toLocaleString('en')} events`,
    columns: ['bytes in all', 'its encoding', 'besides'],
    rows: [[bytes, encoded, bytes - encoded]],
    notes: [],
  }
}
