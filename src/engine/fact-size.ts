/**
 * @module engine/fact-size
 *
 * An upper estimate of a fact's encoded size in bytes, without encoding it: what a group commit may hold is decided by it.
 */

import type { JsonObject, JsonValue, NewFact } from '../ports/event-log.ts'

/** Id, stream, type, metadata, and what an adapter adds. */
const ENVELOPE_BYTES = 512

/** Shorter text is not worth looking at. */
const SHORT = 64

/** As in JSON: a character takes six bytes where it must be escaped, three in UTF-8, or one. */
function textSize(text: string): number {
  const isPlain = text.length > SHORT && /^[\w.-]*$/.test(text)
  return 2 + (isPlain ? 1 : 6) * text.length
}

function jsonSize(value: JsonValue | undefined): number {
  if (typeof value === 'string') return textSize(value)
  if (typeof value !== 'object' || value === null) return 24
  let size = 2
  if (Array.isArray(value)) {
    for (const item of value) size += 1 + jsonSize(item as JsonValue)
    return size
  }
  const object = value as JsonObject
  for (const name of Object.keys(object)) size += 4 + 6 * name.length + jsonSize(object[name])
  return size
}

export function factSize(fact: NewFact): number {
  return ENVELOPE_BYTES + jsonSize(fact.data)
}
