/**
 * @module log
 *
 * Entry point `witan/log`: the logs behind the port `EventLog`, and what readers of facts need.
 */

export {
  APPEND_LIMITS,
  type EventLog,
  type FactMetadata,
  type JsonObject,
  type JsonValue,
  LogError,
  type LogErrorData,
  type NewFact,
  NO_STREAM,
  type ReadOptions,
  type RecordedFact,
  type Revision,
  STREAM_NAME_LIMIT,
  type SubscribeOptions,
} from '../ports/event-log.ts'
export { type EmbeddedLogOptions, embeddedLog } from './embedded/embedded-log.ts'
export type { EventStoreDbLogOptions } from './eventstoredb/event-store-db-log.ts'
export { factId } from './fact-id.ts'
export { memoryLog } from './memory/memory-log.ts'
export { eventStoreDbLog, openLog } from './open-log.ts'
export { createUpcast, type Upcast, type Upcaster, type UpcasterRegistry, upcasted } from './upcast.ts'
