/**
 * @module log/check
 *
 * What every adapter checks before it looks at its storage, so that all refuse the same things: names, numbers, facts
 * that are no plain JSON, and appends above `APPEND_LIMITS`.
 *
 * The bytes of a fact are those of its type, data and metadata as UTF-8 JSON. An upper bound, found while the values are
 * checked anyway, spares most appends the exact count.
 */

import {
  APPEND_LIMITS,
  LogError,
  type NewFact,
  type ReadOptions,
  type Revision,
  STREAM_NAME_LIMIT,
} from '../ports/event-log.ts'
import { invalidArgument } from './errors.ts'

const MAX_DEPTH = 64
const MAX_TYPE_LENGTH = 200

/** Characters below U+0020, and DEL: no name needs them, and adapters use NUL as an end mark. */
function hasControlCharacter(text: string): boolean {
  for (let i = 0; i < text.length; i += 1) {
    const unit = text.charCodeAt(i)
    if (unit < 0x20 || unit === 0x7f) return true
  }
  return false
}

export function checkStreamName(stream: string): void {
  if (typeof stream !== 'string' || stream === '') throw invalidArgument('stream', stream, 'a name is needed')
  if (stream.startsWith('$')) throw invalidArgument('stream', stream, 'names in $ belong to the event store itself')
  if (!stream.isWellFormed() || hasControlCharacter(stream)) {
    throw invalidArgument('stream', JSON.stringify(stream), 'no control characters and no lone surrogates')
  }
  // A UTF-16 unit makes at most three bytes.
  if (3 * stream.length > STREAM_NAME_LIMIT && Buffer.byteLength(stream) > STREAM_NAME_LIMIT) {
    throw invalidArgument('stream', stream, `a name has at most ${STREAM_NAME_LIMIT} bytes of UTF-8`)
  }
}

export function checkExpectedRevision(expected: Revision): void {
  if (!Number.isSafeInteger(expected) || expected < -1) {
    throw invalidArgument('expectedRevision', expected, 'a revision, or NO_STREAM')
  }
}

/** A start of a read or subscription as a number; what lies beyond the safe integers lies beyond every fact. */
export function checkedPlace(argument: string, place: number | bigint, least: number): number {
  const isInteger = typeof place === 'bigint' || Number.isSafeInteger(place)
  if (!isInteger || place < least) throw invalidArgument(argument, place, `an integer of at least ${least}`)
  return place > Number.MAX_SAFE_INTEGER ? Number.MAX_SAFE_INTEGER : Number(place)
}

export interface CheckedRead {
  readonly from: number
  readonly isBackward: boolean
  readonly maxCount: number
}

export function checkedRead(options: ReadOptions): CheckedRead {
  const { direction = 'forward', maxCount = Number.MAX_SAFE_INTEGER } = options
  const isBackward = direction === 'backward'
  if (!isBackward && direction !== 'forward') throw invalidArgument('direction', direction, 'forward or backward')
  if (!Number.isSafeInteger(maxCount) || maxCount < 0) throw invalidArgument('maxCount', maxCount, 'a count')
  const from = options.from ?? (isBackward ? Number.MAX_SAFE_INTEGER : 0)
  return { from: checkedPlace('from', from, 0), isBackward, maxCount }
}

/** At least the bytes of `value` as JSON. Throws on what JSON would lose or change. */
function bound(value: unknown, depth: number): number {
  switch (typeof value) {
    case 'string':
      return 6 * value.length + 2
    case 'number':
      if (!Number.isFinite(value)) throw invalidArgument('facts', value, 'JSON has finite numbers only')
      return 25
    case 'boolean':
      return 5
    case 'object':
      return value === null ? 4 : boundOfObject(value, depth)
    default:
      throw invalidArgument('facts', typeof value, 'facts are plain JSON')
  }
}

function boundOfObject(value: object, depth: number): number {
  if (depth > MAX_DEPTH) throw invalidArgument('facts', depth, `facts nest at most ${MAX_DEPTH} deep`)
  let bytes = 2
  if (Array.isArray(value)) {
    const items: readonly unknown[] = value
    // By index, as a hole must not be skipped: JSON would make it null.
    for (let i = 0; i < items.length; i += 1) bytes += 1 + bound(items[i], depth + 1)
    return bytes
  }
  const prototype: unknown = Object.getPrototypeOf(value)
  if (prototype !== Object.prototype && prototype !== null) {
    throw invalidArgument('facts', Object.prototype.toString.call(value), 'facts are plain JSON')
  }
  for (const name of Object.keys(value)) {
    const member = (value as Readonly<Record<string, unknown>>)[name]
    if (member !== undefined) bytes += 6 * name.length + 4 + bound(member, depth + 1)
  }
  return bytes
}

function exactBytes(facts: readonly NewFact[]): number {
  let bytes = 0
  for (const { type, data, metadata } of facts) bytes += Buffer.byteLength(JSON.stringify([type, data, metadata]))
  return bytes
}

/** Refuses an append that some adapter could not take whole. */
export function checkFacts(facts: readonly NewFact[]): void {
  let bytesMost = 0
  for (const fact of facts) {
    const { type, data, metadata } = fact
    if (typeof type !== 'string' || type === '' || type.length > MAX_TYPE_LENGTH || type.startsWith('$')) {
      throw invalidArgument('facts', type, `a type has 1 to ${MAX_TYPE_LENGTH} characters and does not begin with $`)
    }
    if (!type.isWellFormed()) throw invalidArgument('facts', JSON.stringify(type), 'a type has no lone surrogates')
    if (typeof data !== 'object' || data === null || Array.isArray(data)) {
      throw invalidArgument('facts', type, 'the data of a fact is an object')
    }
    bytesMost += 6 * type.length + 6 + bound(data, 1) + bound(metadata, 1)
  }
  if (facts.length <= APPEND_LIMITS.maxFacts && bytesMost <= APPEND_LIMITS.maxBytes) return
  const bytes = exactBytes(facts)
  if (facts.length <= APPEND_LIMITS.maxFacts && bytes <= APPEND_LIMITS.maxBytes) return
  throw new LogError(
    { code: 'AppendTooLarge', facts: facts.length, bytes },
    `an append takes at most ${APPEND_LIMITS.maxFacts} facts of ${APPEND_LIMITS.maxBytes} bytes together, ` +
      `not ${facts.length} of ${bytes}: split it where a prefix is valid`,
  )
}
