/**
 * @module log/eventstoredb/facts
 *
 * Facts as events of EventStoreDB and back: the type is the type of the fact, data and metadata are JSON, which the
 * server's own UI shows. Others may write to the same server: what is no fact is skipped in `$all`, and a corruption in
 * a stream of ours.
 */

import type { RecordedEvent, ResolvedEvent } from '@eventstore/db-client'
import type { FactMetadata, JsonObject, RecordedFact } from '../../ports/event-log.ts'
import { logCorrupted } from '../errors.ts'

/** Undefined: not a fact. */
export function factOf({ event }: ResolvedEvent): RecordedFact | undefined {
  if (event === undefined || !event.isJson || event.type.startsWith('$') || event.streamId.startsWith('$'))
    return undefined
  const { data, metadata } = event
  if (!isJsonObject(data) || !isFactMetadata(metadata)) return undefined
  return {
    id: event.id,
    stream: event.streamId,
    revision: Number(event.revision),
    position: positionOf(event),
    type: event.type,
    data,
    metadata,
  }
}

/** The fact of a stream that holds nothing else. */
export function factOfStream(resolved: ResolvedEvent): RecordedFact {
  const fact = factOf(resolved)
  if (fact !== undefined) return fact
  const where = `${resolved.event?.streamId ?? 'a link to a deleted event'}@${resolved.event?.revision ?? '?'}`
  throw logCorrupted(`${where} is no fact; another program may write to this stream`)
}

export function positionOf(event: Pick<RecordedEvent, 'position'>): bigint {
  return event.position?.commit ?? 0n
}

function isJsonObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value) && !(value instanceof Uint8Array)
}

function isFactMetadata(value: unknown): value is FactMetadata {
  if (typeof value !== 'object' || value === null) return false
  const { schemaVersion, $correlationId, $causationId } = value as Partial<Record<keyof FactMetadata, unknown>>
  return typeof schemaVersion === 'number' && typeof $correlationId === 'string' && typeof $causationId === 'string'
}
