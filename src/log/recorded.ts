/**
 * @module log/recorded
 *
 * Makes the `RecordedFact` that readers get. Its id costs a hash, which replay does not need: it is derived when first
 * looked at. The property is an own, enumerable one, so that copies (`{ ...fact }`, `structuredClone`, JSON) carry it.
 */

import type { NewFact, RecordedFact, Revision } from '../ports/event-log.ts'
import { factId } from './fact-id.ts'

const lazyId: PropertyDescriptor & ThisType<RecordedFact> = {
  configurable: true,
  enumerable: true,
  get() {
    const value = factId(this.stream, this.revision, this)
    Object.defineProperty(this, 'id', { value, enumerable: true })
    return value
  },
}

export function recordedFact(stream: string, revision: Revision, position: bigint, fact: NewFact): RecordedFact {
  const recorded = { stream, revision, position, type: fact.type, data: fact.data, metadata: fact.metadata }
  return Object.defineProperty(recorded, 'id', lazyId) as typeof recorded & { readonly id: string }
}
