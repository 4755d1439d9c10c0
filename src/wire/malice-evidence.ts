/**
 * @module wire/malice-evidence
 *
 * Evidence of an offence in a group (parsec §9): `text domain, [32] group id, bytes accusation, sequence of events`. The
 * accusation is an encoded observation that names the offender and the malice; the events are what it needs, parents first.
 */

import { type Bytes, compareBytes, utf8 } from '../base/bytes.ts'
import { CodecError } from './canonical/errors.ts'
import { decodeObservation, type EventView, readEvent } from './canonical/event.ts'
import type { CanonicalFormat } from './canonical/format.ts'
import { CanonicalReader } from './canonical/reader.ts'
import { HASH_BYTES, type Malice, type PeerId } from './canonical/types.ts'
import { CanonicalWriter } from './canonical/writer.ts'

export const MALICE_EVIDENCE_DOMAIN = 'witan/malice/evidence/1'

/** Whole ancestries may be evidence; longer ones are not told. */
export const MAX_EVIDENCE_BYTES = 16 * 1024 * 1024

export interface MaliceEvidence<Payload> {
  readonly groupId: Bytes
  readonly offender: PeerId
  readonly malice: Malice
  readonly events: readonly EventView<Payload>[]
}

/** `accusation`: encoded. Null: it would be longer than evidence may be. */
export function encodeMaliceEvidence(groupId: Bytes, accusation: Bytes, events: readonly Bytes[]): Bytes | null {
  let length = 64 + HASH_BYTES + accusation.length
  for (const event of events) length += event.length
  if (length > MAX_EVIDENCE_BYTES) return null
  const writer = new CanonicalWriter(length)
    .byteString(utf8(MALICE_EVIDENCE_DOMAIN))
    .fixed(groupId)
    .byteString(accusation)
  writer.u64(events.length)
  for (const event of events) writer.fixed(event)
  return writer.finish()
}

/** Throws a `CodecError`. */
export function decodeMaliceEvidence<P>(bytes: Bytes, format: CanonicalFormat<P>): MaliceEvidence<P> {
  if (bytes.length > MAX_EVIDENCE_BYTES) {
    throw new CodecError({ code: 'LimitExceeded', what: 'evidence', limit: MAX_EVIDENCE_BYTES, actual: bytes.length })
  }
  const reader = new CanonicalReader(bytes)
  if (compareBytes(reader.byteString(64, 'domain'), utf8(MALICE_EVIDENCE_DOMAIN)) !== 0) {
    throw new CodecError({ code: 'InvalidValue', offset: 0, what: `domain is not ${MALICE_EVIDENCE_DOMAIN}` })
  }
  const groupId = reader.fixed(HASH_BYTES)
  const accusation = decodeObservation(reader.byteString(format.limits.maxEventBytes, 'accusation'), format)
  if (accusation.type !== 'Accusation') {
    throw new CodecError({ code: 'InvalidValue', offset: 0, what: 'no accusation' })
  }
  const count = reader.count(format.identity.minBytes + 4 + format.signatureBytes, MAX_EVIDENCE_BYTES, 'evidence')
  const events: EventView<P>[] = []
  for (let i = 0; i < count; i += 1) events.push(readEvent(reader, format))
  reader.finish()
  return { groupId, offender: accusation.offender, malice: accusation.malice, events }
}
