/**
 * @module engine/fact-size
 *
 * An upper estimate of a fact's encoded size in bytes, without encoding it: what a group commit may hold is decided by it.
 */

import type { JsonValue, NewFact } from '../ports/event-log.ts'

/** Id, stream, type, metadata, and what an adapter adds. */
const ENVELOPE_BYTES = 512

function jsonSize(value: JsonValue | undefined): number {
  if (typeof value === 'string') return 2 + 3 * value.length - 2 * asciiRun(value)
  if (typeof value !== 'object' || value === null) return 24
  let size = 2
  if (Array.isArray(value)) {
    for (const item of value) size += 1 + jsonSize(item as JsonValue)
    return size
  }
  for (const [name, item] of Object.entries(value)) size += 4 + 3 * name.length + jsonSize(item)
  return size
}

/** How much of the text costs one byte a character for sure: all of it when it is base64url, hex or decimal. */
function asciiRun(text: string): number {
  return /^[\w.-]*$/.test(text) ? text.length : 0
}

export function factSize(fact: NewFact): number {
  return ENVELOPE_BYTES + jsonSize(fact.data)
}
