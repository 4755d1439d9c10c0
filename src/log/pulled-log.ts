/**
 * @module log/pulled-log
 *
 * The reading half of a log whose storage gives facts in chunks (log/pull): what the memory log and the embedded one have
 * in common.
 */

import type { ReadOptions, RecordedFact, SubscribeOptions } from '../ports/event-log.ts'
import { type ChunkRequest, type FactSource, pull, subscription } from './pull.ts'
import { ALL, Wakeups } from './wakeups.ts'

export abstract class PulledLog<Raw> implements FactSource<Raw> {
  readonly wakeups = new Wakeups()

  abstract get isClosed(): boolean
  abstract chunk(request: ChunkRequest): Promise<readonly Raw[]>
  abstract decode(raw: Raw): RecordedFact

  read(stream: string, options: ReadOptions = {}): AsyncIterable<RecordedFact> {
    return pull(this, stream, options)
  }

  readAll(options: ReadOptions = {}): AsyncIterable<RecordedFact> {
    return pull(this, ALL, options)
  }

  subscribe(stream: string, options: SubscribeOptions = {}): AsyncIterable<RecordedFact> {
    return subscription(this, stream, options)
  }

  subscribeAll(options: SubscribeOptions = {}): AsyncIterable<RecordedFact> {
    return subscription(this, ALL, options)
  }
}
