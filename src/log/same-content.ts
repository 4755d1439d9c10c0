/**
 * @module log/same-content
 *
 * Whether two facts would have the same id at the same place: equal as canonical JSON, without making it.
 */

import type { JsonValue, NewFact } from '../ports/event-log.ts'

type Members = Readonly<Record<string, JsonValue | undefined>>

function countMembers(object: Members): number {
  let count = 0
  for (const name of Object.keys(object)) if (object[name] !== undefined) count += 1
  return count
}

function sameMembers(a: Members, b: Members): boolean {
  for (const name of Object.keys(a)) {
    const member = a[name]
    if (member === undefined) continue
    const other = Object.hasOwn(b, name) ? b[name] : undefined
    if (other === undefined || !sameJson(member, other)) return false
  }
  return countMembers(a) === countMembers(b)
}

function sameJson(a: JsonValue, b: JsonValue): boolean {
  if (a === b) return true
  if (a === null || b === null || typeof a !== 'object' || typeof b !== 'object') return false
  if (Array.isArray(a) !== Array.isArray(b)) return false
  if (!Array.isArray(a)) return sameMembers(a as Members, b as Members)
  const items: readonly JsonValue[] = a
  const others = b as readonly JsonValue[]
  return items.length === others.length && items.every((item, i) => sameJson(item, others[i] as JsonValue))
}

export function sameContent(a: NewFact, b: NewFact): boolean {
  return a.type === b.type && sameJson(a.data, b.data) && sameJson({ ...a.metadata }, { ...b.metadata })
}
