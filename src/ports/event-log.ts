/**
 * @module ports/event-log
 *
 * The append-only log of facts. One writer per stream, fenced by the expected revision.
 *
 * Guarantees of every adapter (test/contract/event-log.ts holds them to it):
 * - `append` is atomic: all of its facts or none; when it resolves they are durable.
 * - Facts of a stream have revisions 0, 1, 2, …; facts of all streams have strictly rising positions.
 * - An append whose facts already stand at exactly these revisions succeeds again (a retry after a lost answer).
 *   Equality is that of the deterministic fact id: stream, revision, type, data and metadata.
 * - Every failure is a `LogError`; nothing hangs for ever, nothing is rejected unhandled. Reads and subscriptions throw
 *   theirs from the first `next()`.
 *
 * Callers hand their facts over: they do not change them afterwards. Names of streams are well-formed text of 1 to
 * `STREAM_NAME_LIMIT` bytes, without control characters, not beginning with `$`; the same holds for types of facts,
 * which have at most 200 characters. Data and metadata are plain JSON, at most 64 deep: no NaN, Date, bigint or holes.
 */

import { WitanError } from '../base/errors.ts'

export type JsonValue = null | boolean | number | string | readonly JsonValue[] | JsonObject
export type JsonObject = { readonly [name: string]: JsonValue | undefined }

export interface FactMetadata {
  /** Version of the schema of `data` for this type of fact; upcasting starts from it. */
  readonly schemaVersion: number
  /** The command from outside that began it all. */
  readonly $correlationId: string
  /** What directly caused this fact. */
  readonly $causationId: string
}

export interface NewFact {
  readonly type: string
  /** Bytes are base64url, 64-bit numbers decimal strings. */
  readonly data: JsonObject
  readonly metadata: FactMetadata
}

export interface RecordedFact extends NewFact {
  /** UUID, derived from stream, revision and content. */
  readonly id: string
  readonly stream: string
  /** Place in the stream, from 0. */
  readonly revision: number
  /** Place among all streams: opaque but ordered; resume reads and subscriptions of all from it. */
  readonly position: bigint
}

/** The revision of the last fact that the writer knows of; `NO_STREAM` where there is none. */
export type Revision = number
export const NO_STREAM: Revision = -1

/** Reads are inclusive of `from`. Facts before it (backward: after it) are not given. */
export interface ReadOptions {
  /** First fact to give. Default: the start (backward: the end). A revision for a stream, a position for `all`. */
  readonly from?: number | bigint
  readonly direction?: 'forward' | 'backward'
  /** Default: no limit. */
  readonly maxCount?: number
  readonly signal?: AbortSignal
}

/**
 * Subscriptions begin *after* `after`; without it (or with -1, `NO_STREAM`), at the start. They catch up, then stay live.
 */
export interface SubscribeOptions {
  readonly after?: number | bigint
  readonly signal?: AbortSignal
}

export interface EventLog {
  /** Resolves to the revision of the last fact appended, when durable. An empty list resolves to `expectedRevision`. */
  append(stream: string, facts: readonly NewFact[], expectedRevision: Revision): Promise<Revision>
  /** Lazily, with back-pressure. A missing stream gives nothing. Leaving the loop early frees everything. */
  read(stream: string, options?: ReadOptions): AsyncIterable<RecordedFact>
  /** Every fact of every stream, in order of position. `from` is a position. */
  readAll(options?: ReadOptions): AsyncIterable<RecordedFact>
  /** Catch-up, then live; resumes by itself after a drop, without gap or repeat; ends when aborted or closed. */
  subscribe(stream: string, options?: SubscribeOptions): AsyncIterable<RecordedFact>
  subscribeAll(options?: SubscribeOptions): AsyncIterable<RecordedFact>
  /** Revision of the last fact, or `NO_STREAM`. */
  lastRevision(stream: string): Promise<Revision>
  /** Waits for appends under way; reads and later calls fail with `LogClosed`, subscriptions end. Idempotent. */
  close(): Promise<void>
}

/** Longest name of a stream, in bytes of UTF-8. */
export const STREAM_NAME_LIMIT = 1000

/** Bounds of one append, below those of every adapter. `maxBytes` counts type, data and metadata as UTF-8 JSON. */
export const APPEND_LIMITS = { maxFacts: 500, maxBytes: 900 * 1024 } as const

export type LogErrorData =
  /** Somebody else wrote the stream: a second process runs this identity. Never retry. */
  | {
      readonly code: 'WrongExpectedRevision'
      readonly stream: string
      readonly expected: Revision
      readonly actual: Revision
    }
  | { readonly code: 'LogLocked'; readonly folder: string }
  | { readonly code: 'LogCorrupted'; readonly where: string }
  | { readonly code: 'LogClosed' }
  | { readonly code: 'LogTimeout'; readonly timeoutMs: number; readonly operation: string }
  | { readonly code: 'LogUnavailable'; readonly operation: string }
  | { readonly code: 'LogFull' }
  | { readonly code: 'AppendTooLarge'; readonly facts: number; readonly bytes: number }
  | { readonly code: 'InvalidLogArgument'; readonly argument: string; readonly value: string }
  /** A later release wrote this fact: update this one. */
  | {
      readonly code: 'UnknownSchemaVersion'
      readonly type: string
      readonly schemaVersion: number
      readonly newestKnown: number
    }
  | { readonly code: 'AccessDenied'; readonly operation: string }
  | { readonly code: 'Aborted' }

export class LogError extends WitanError<LogErrorData> {}
