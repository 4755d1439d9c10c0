/**
 * @module log/fact-id
 *
 * The deterministic id of a fact: a version 8 UUID (RFC 9562 §5.8) cut from the SHA-256 of stream, revision, type, data
 * and metadata in canonical JSON (RFC 8785: members sorted by UTF-16 code units, absent values left out).
 *
 * Guarantees: equal content at one place of one stream has one id, in every process and adapter, whatever the order of
 * its members; a retried append therefore carries the ids of the first try. Two equal facts at two revisions stay two.
 * Assumes: data and metadata are plain JSON (log/check refuses the rest before it gets here).
 */

import { createHash } from 'node:crypto'
import type { JsonValue, NewFact, Revision } from '../ports/event-log.ts'

export function canonicalJson(value: JsonValue): string {
  if (value === null || typeof value !== 'object') return JSON.stringify(value)
  if (Array.isArray(value)) {
    const items: readonly JsonValue[] = value
    return `[${items.map((item) => canonicalJson(item)).join(',')}]`
  }
  const object = value as { readonly [name: string]: JsonValue | undefined }
  let text = ''
  for (const name of Object.keys(object).sort()) {
    const member = object[name]
    if (member !== undefined) text += `${text === '' ? '' : ','}${JSON.stringify(name)}:${canonicalJson(member)}`
  }
  return `{${text}}`
}

export function factId(stream: string, revision: Revision, fact: NewFact): string {
  const content = canonicalJson([stream, revision, fact.type, fact.data, { ...fact.metadata }])
  const hash = createHash('sha256').update(content).digest()
  hash.writeUInt8((hash.readUInt8(6) & 0x0f) | 0x80, 6)
  hash.writeUInt8((hash.readUInt8(8) & 0x3f) | 0x80, 8)
  const hex = hash.toString('hex', 0, 16)
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`
}
