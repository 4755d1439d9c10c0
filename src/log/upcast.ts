/**
 * @module log/upcast
 *
 * Brings old facts up to date when they are read. A stored fact is never rewritten: each type has a current schema
 * version, and one step from every earlier version to the next.
 *
 * Guarantees: readers see each fact at the current version of its type; id, place and the rest stay as recorded.
 * What the caller owes: upcasters are pure and total over what was ever written.
 */

import type { JsonObject, RecordedFact } from '../ports/event-log.ts'
import { unknownSchemaVersion } from './errors.ts'

/** Data at version `n` to data at version `n + 1`. */
export type Upcaster = (data: JsonObject) => JsonObject

/** By type of fact: `[from version 1 to 2, from 2 to 3, …]`. The current version is one more than there are steps. */
export type UpcasterRegistry = Readonly<Record<string, readonly Upcaster[]>>

export type Upcast = (fact: RecordedFact) => RecordedFact

/**
 * Throws `UnknownSchemaVersion` on a fact newer than the registry knows: it was written by a later release, and guessing at
 * its meaning could make two peers disagree. The way out is to update this process.
 */
export function createUpcast(registry: UpcasterRegistry): Upcast {
  const stepsByType = new Map(Object.entries(registry))
  return (fact) => {
    const steps = stepsByType.get(fact.type) ?? []
    const { schemaVersion } = fact.metadata
    const newestKnown = steps.length + 1
    if (schemaVersion === newestKnown) return fact
    if (!Number.isSafeInteger(schemaVersion) || schemaVersion < 1 || schemaVersion > newestKnown) {
      throw unknownSchemaVersion(fact, newestKnown)
    }
    let { data } = fact
    for (const step of steps.slice(schemaVersion - 1)) data = step(data)
    return { ...fact, data, metadata: { ...fact.metadata, schemaVersion: newestKnown } }
  }
}

/** The same facts, each brought up to date as it passes. */
export async function* upcasted(
  facts: AsyncIterable<RecordedFact>,
  upcast: Upcast,
): AsyncGenerator<RecordedFact, void, undefined> {
  for await (const fact of facts) yield upcast(fact)
}
