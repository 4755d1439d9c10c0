/**
 * @module log/eventstoredb/reads
 *
 * Reads and subscriptions of a stream and of all streams, resumed after a failure at the item after the last one given:
 * no gap, no repeat. Assumes what the server does: reads include their start, save backward reads of `$all`, which
 * begin before it; subscriptions begin after it.
 */

import type { AllStreamSubscription, ResolvedEvent, StreamSubscription } from '@eventstore/db-client'
import type { ReadOptions, RecordedFact } from '../../ports/event-log.ts'
import { factOf, factOfStream, positionOf } from './facts.ts'
import type { Source } from './items.ts'
import { contextOf, persistently, type Session } from './session.ts'

/** About three times as many facts wait on our side before the server is held back. */
const BUFFERED = { highWaterMark: 16 }
/** What a log reads it may have just written: only the leader surely has it. */
const LEADER = { requiresLeader: true } as const

type Bounds = Pick<ReadOptions, 'from' | 'direction' | 'maxCount'>

export async function* readStream(
  session: Session,
  stream: string,
  bounds: Bounds,
  signal: AbortSignal,
): AsyncGenerator<RecordedFact, void, void> {
  for await (const event of eventsOf(session, stream, bounds, signal)) yield factOfStream(event)
}

/** Events, whether facts or not. */
export async function* eventsOf(
  session: Session,
  stream: string,
  bounds: Bounds,
  signal: AbortSignal,
): AsyncGenerator<ResolvedEvent, void, void> {
  const backward = bounds.direction === 'backward'
  let left = bounds.maxCount ?? Number.MAX_SAFE_INTEGER
  let next = bounds.from === undefined ? undefined : BigInt(bounds.from)
  if (left === 0) return
  const open = (): Source => {
    const fromRevision = next ?? (backward ? 'end' : 'start')
    const direction = backward ? 'backwards' : 'forwards'
    const read = session.client.readStream(stream, { fromRevision, direction, maxCount: left, ...LEADER }, BUFFERED)
    return { stream: read, cancel: () => read.cancel() }
  }
  const context = contextOf(session, `read "${stream}"`, stream)
  for await (const resolved of persistently<ResolvedEvent>(session, { context, open, forever: false, signal })) {
    const revision = resolved.event?.revision ?? 0n
    next = backward ? revision - 1n : revision + 1n
    left -= 1
    yield resolved
    if (left === 0 || next < 0n) return
  }
}

export async function* readAll(
  session: Session,
  bounds: Bounds,
  signal: AbortSignal,
): AsyncGenerator<RecordedFact, void, void> {
  const from = bounds.from === undefined ? undefined : BigInt(bounds.from)
  const maxCount = bounds.maxCount ?? Number.MAX_SAFE_INTEGER
  if (maxCount === 0) return
  const facts = bounds.direction === 'backward' ? backward(session, from, signal) : forward(session, from, signal)
  let given = 0
  for await (const fact of facts) {
    yield fact
    given += 1
    if (given === maxCount) return
  }
}

async function* forward(
  session: Session,
  from: bigint | undefined,
  signal: AbortSignal,
): AsyncGenerator<RecordedFact, void, void> {
  let last: bigint | undefined
  const open = (): Source => {
    const start = last ?? from
    const fromPosition = start === undefined ? 'start' : { commit: start, prepare: start }
    const read = session.client.readAll({ fromPosition, direction: 'forwards', ...LEADER }, BUFFERED)
    return { stream: read, cancel: () => read.cancel() }
  }
  const context = contextOf(session, 'read all')
  for await (const resolved of persistently<ResolvedEvent>(session, { context, open, forever: false, signal })) {
    const position = resolved.event === undefined ? undefined : positionOf(resolved.event)
    if (position === undefined || (last !== undefined && position <= last)) continue
    last = position
    const fact = factOf(resolved)
    if (fact !== undefined) yield fact
  }
}

async function* backward(
  session: Session,
  from: bigint | undefined,
  signal: AbortSignal,
): AsyncGenerator<RecordedFact, void, void> {
  let last: bigint | undefined
  if (from !== undefined) {
    // The server's backward read leaves out its start; ours includes it.
    for await (const fact of forward(session, from, signal)) {
      if (fact.position === from) yield fact
      break
    }
    last = from
  }
  const open = (): Source => {
    const fromPosition = last === undefined ? 'end' : { commit: last, prepare: last }
    const read = session.client.readAll({ fromPosition, direction: 'backwards', ...LEADER }, BUFFERED)
    return { stream: read, cancel: () => read.cancel() }
  }
  const context = contextOf(session, 'read all backward')
  for await (const resolved of persistently<ResolvedEvent>(session, { context, open, forever: false, signal })) {
    const position = resolved.event === undefined ? undefined : positionOf(resolved.event)
    if (position === undefined || (last !== undefined && position >= last)) continue
    last = position
    const fact = factOf(resolved)
    if (fact !== undefined) yield fact
  }
}

function liveSource(live: StreamSubscription | AllStreamSubscription): Source {
  return {
    stream: live,
    cancel: () => live.unsubscribe(),
    onConfirmed: (listener) => live.on('confirmation', listener),
  }
}

export async function* subscribeStream(
  session: Session,
  stream: string,
  after: bigint | undefined,
  signal: AbortSignal,
): AsyncGenerator<RecordedFact, void, void> {
  let last = after
  const open = (): Source => {
    const fromRevision = last === undefined || last < 0n ? 'start' : last
    const live = session.client.subscribeToStream(stream, { fromRevision, ...LEADER }, BUFFERED)
    return liveSource(live)
  }
  const context = contextOf(session, `subscribe to "${stream}"`, stream)
  for await (const resolved of persistently<ResolvedEvent>(session, { context, open, forever: true, signal })) {
    const fact = factOfStream(resolved)
    const revision = BigInt(fact.revision)
    if (last !== undefined && revision <= last) continue
    last = revision
    yield fact
  }
}

export async function* subscribeAll(
  session: Session,
  after: bigint | undefined,
  signal: AbortSignal,
): AsyncGenerator<RecordedFact, void, void> {
  let last = after
  const open = (): Source => {
    const fromPosition = last === undefined || last < 0n ? 'start' : { commit: last, prepare: last }
    // The server leaves out system streams; checkpoints are not used, since they overtake facts that wait on our side.
    const live = session.client.subscribeToAll({ fromPosition, filter: NO_SYSTEM_STREAMS, ...LEADER }, BUFFERED)
    return liveSource(live)
  }
  const context = contextOf(session, 'subscribe to all')
  for await (const resolved of persistently<ResolvedEvent>(session, { context, open, forever: true, signal })) {
    const fact = factOf(resolved)
    if (fact === undefined || (last !== undefined && fact.position <= last)) continue
    last = fact.position
    yield fact
  }
}

const NO_SYSTEM_STREAMS = { filterOn: 'streamName', regex: '^[^$]', checkpointInterval: 1000 } as const
