/**
 * @module log/pull
 *
 * Reads and subscriptions over a storage that gives facts in chunks. Shared by the memory log and the embedded log.
 *
 * Guarantees: back-pressure (a chunk is fetched while the one before is used up), two bounded chunks in memory for each
 * reader at most, no resource held between two chunks; nothing to free when a loop is left early. A subscriber sees no gap and
 * no repeat, as it pulls by place and only sleeps when a pull at the newest commit gave nothing.
 */

import type { ReadOptions, RecordedFact, SubscribeOptions } from '../ports/event-log.ts'
import { checkedPlace, checkedRead, checkStreamName } from './check.ts'
import { aborted, logClosed } from './errors.ts'
import { ALL, Stop, type StreamOrAll, type Wakeups } from './wakeups.ts'

export interface ChunkRequest {
  readonly stream: StreamOrAll
  /** Revision, or position for all; inclusive. */
  readonly from: number
  readonly isBackward: boolean
  readonly limit: number
}

/** What reads need; subscriptions also sleep. */
export interface FactReader<Raw> {
  readonly isClosed: boolean
  /** Up to `limit` facts, at least one if there is any; fewer where they are large. */
  chunk(request: ChunkRequest): Promise<readonly Raw[]>
  /** Decoded only when its turn comes: a loop that is left early pays for no more. */
  decode(raw: Raw): RecordedFact
}

export interface FactSource<Raw> extends FactReader<Raw> {
  readonly wakeups: Wakeups
}

const FIRST_CHUNK = 32
const LARGEST_CHUNK = 1024

function placeOf(stream: StreamOrAll, fact: RecordedFact): number {
  return stream === ALL ? Number(fact.position) : fact.revision
}

function throwIfAborted(signal: AbortSignal | undefined): void {
  if (signal?.aborted === true) throw aborted()
}

export async function* pull<Raw>(
  source: FactReader<Raw>,
  stream: StreamOrAll,
  options: ReadOptions,
): AsyncGenerator<RecordedFact, void, undefined> {
  if (stream !== ALL) checkStreamName(stream)
  const { from: first, isBackward, maxCount } = checkedRead(options)
  const { signal } = options
  let from = first
  let left = maxCount
  let limit = FIRST_CHUNK
  let ahead: Ahead<Raw> | undefined
  while (left > 0 && from >= 0) {
    throwIfAborted(signal)
    if (source.isClosed) throw logClosed()
    // What was not there yet when we looked ahead may be by now.
    const fetched = ahead?.request.from === from ? await ahead.raws : []
    const request = { stream, from, isBackward, limit: Math.min(limit, left) }
    const raws = fetched.length > 0 ? fetched : await source.chunk(request)
    if (raws.length === 0) break
    // The first chunk may be all that a reader wants; who came further wants the rest.
    ahead = limit === FIRST_CHUNK ? undefined : lookAhead(source, request, raws.length, left)
    for (const raw of raws) {
      throwIfAborted(signal)
      const fact = source.decode(raw)
      from = placeOf(stream, fact) + (isBackward ? -1 : 1)
      left -= 1
      yield fact
    }
    limit = Math.min(2 * limit, LARGEST_CHUNK)
  }
  throwIfAborted(signal)
}

/** The chunk after the one under way, fetched while that is used up. */
interface Ahead<Raw> {
  readonly request: ChunkRequest
  readonly raws: Promise<readonly Raw[]>
}

function lookAhead<Raw>(
  source: FactReader<Raw>,
  { stream, from, isBackward, limit }: ChunkRequest,
  given: number,
  left: number,
): Ahead<Raw> | undefined {
  const request = {
    stream,
    from: isBackward ? from - given : from + given,
    isBackward,
    limit: Math.min(2 * limit, LARGEST_CHUNK, left - given),
  }
  if (request.limit <= 0 || request.from < 0) return undefined
  const raws = source.chunk(request)
  // Who comes to it learns of a failure; who leaves the loop before is not concerned.
  raws.catch(() => undefined)
  return { request, raws }
}

async function* follow<Raw>(
  source: FactSource<Raw>,
  stream: StreamOrAll,
  options: SubscribeOptions,
  stop: Stop,
): AsyncGenerator<RecordedFact, void, undefined> {
  if (stream !== ALL) checkStreamName(stream)
  let from = checkedPlace('after', options.after ?? -1, -1) + 1
  if (source.isClosed) throw logClosed()
  let limit = FIRST_CHUNK
  const isOver = (): boolean => stop.isStopped || source.isClosed
  while (!isOver()) {
    const { commits } = source.wakeups
    let raws: readonly Raw[]
    try {
      raws = await source.chunk({ stream, from, isBackward: false, limit })
    } catch (error) {
      if (isOver()) return
      throw error
    }
    for (const raw of raws) {
      if (isOver()) return
      const fact = source.decode(raw)
      from = placeOf(stream, fact) + 1
      yield fact
    }
    if (raws.length === 0) await source.wakeups.sleep(stream, commits, stop)
    limit = raws.length === 0 ? FIRST_CHUNK : Math.min(2 * limit, LARGEST_CHUNK)
  }
}

/** `return()` ends it at once, even while a `next()` sleeps: a bare generator would make it wait for the next fact. */
export function subscription<Raw>(
  source: FactSource<Raw>,
  stream: StreamOrAll,
  options: SubscribeOptions,
): AsyncIterableIterator<RecordedFact, void, undefined> {
  const { signal } = options
  const stop = new Stop()
  const facts = follow(source, stream, options, stop)
  const onAbort = (): void => stop.stop()
  const end = (): void => {
    signal?.removeEventListener('abort', onAbort)
    stop.stop()
  }
  if (signal?.aborted === true) stop.stop()
  else signal?.addEventListener('abort', onAbort, { once: true })
  return {
    async next() {
      try {
        const result = await facts.next()
        if (result.done === true) end()
        return result
      } catch (error) {
        end()
        throw error
      }
    },
    return() {
      end()
      return facts.return()
    },
    [Symbol.asyncIterator]() {
      return this
    },
  }
}
