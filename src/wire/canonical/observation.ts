/**
 * @module wire/canonical/observation
 *
 * Codec of observations (parsec §2, §11).
 */

import { type Bytes, compareBytes } from '../../base/bytes.ts'
import { unreachable } from '../../base/errors.ts'
import { readDkgMessage, readPoints, writeDkgMessage, writePoints } from './dkg.ts'
import { CodecError } from './errors.ts'
import type { CanonicalFormat } from './format.ts'
import { readMalice, type SkipEvent, writeMalice } from './malice.ts'
import type { CanonicalReader } from './reader.ts'
import { OBSERVATION_TYPES, type Observation, type PeerId } from './types.ts'
import { CanonicalWriter } from './writer.ts'

/** Sorted, each id once: the form in which sets are encoded. */
export function canonicalSet(ids: readonly PeerId[]): readonly PeerId[] {
  return [...ids].sort(compareBytes).filter((id, i, all) => i === 0 || compareBytes(all[i - 1] as PeerId, id) !== 0)
}

export function writeSet(writer: CanonicalWriter, ids: readonly PeerId[]): void {
  const set = canonicalSet(ids)
  writer.u64(set.length)
  for (const id of set) writer.fixed(id)
}

export function readSet(reader: CanonicalReader, format: CanonicalFormat): readonly PeerId[] {
  const count = reader.count(format.identity.minBytes, format.limits.maxSetItems, 'set')
  const ids: PeerId[] = []
  for (let i = 0; i < count; i += 1) {
    const at = reader.offset
    const id = format.identity.read(reader)
    const previous = ids.at(-1)
    if (previous !== undefined && compareBytes(previous, id) >= 0) {
      throw new CodecError({ code: 'UnorderedSet', offset: at })
    }
    ids.push(id)
  }
  return ids
}

export function writeObservation<P>(
  writer: CanonicalWriter,
  observation: Observation<P>,
  format: CanonicalFormat<P>,
): void {
  writer.u32(OBSERVATION_TYPES.indexOf(observation.type))
  switch (observation.type) {
    case 'Genesis':
      writeSet(writer, observation.group)
      writer.byteString(observation.relatedInfo)
      return
    case 'Add':
    case 'Remove':
      writer.fixed(observation.peerId).byteString(observation.relatedInfo)
      return
    case 'Accusation':
      writer.fixed(observation.offender)
      writeMalice(writer, observation.malice)
      return
    case 'OpaquePayload':
      writer.fixed(format.payload.encode(observation.payload))
      return
    case 'StartDkg':
      writeSet(writer, observation.participants)
      return
    case 'DkgResult':
      writeSet(writer, observation.participants)
      writePoints(writer, observation.publicKeySet)
      return
    case 'DkgMessage':
      writeDkgMessage(writer, observation.message)
      return
    default:
      unreachable(observation)
  }
}

export function encodeObservation<P>(observation: Observation<P>, format: CanonicalFormat<P>): Bytes {
  if (observation.type === 'OpaquePayload') {
    // Nearly every observation: in one piece, without room to spare.
    const payload = format.payload.encode(observation.payload)
    const tag = OBSERVATION_TYPES.indexOf(observation.type)
    return new CanonicalWriter(4 + payload.length).u32(tag).fixed(payload).finish()
  }
  const writer = new CanonicalWriter()
  writeObservation(writer, observation, format)
  return writer.finish()
}

export function readObservation<P>(
  reader: CanonicalReader,
  format: CanonicalFormat<P>,
  skipEvent: SkipEvent,
  depth: number,
): Observation<P> {
  const { limits } = format
  const tag = reader.u32()
  const type = OBSERVATION_TYPES[tag]
  switch (type) {
    case undefined:
      return reader.unknownTag('observation', tag)
    case 'Genesis':
      return {
        type,
        group: readSet(reader, format),
        relatedInfo: reader.byteString(limits.maxPayloadBytes, 'relatedInfo'),
      }
    case 'Add':
    case 'Remove':
      return {
        type,
        peerId: format.identity.read(reader),
        relatedInfo: reader.byteString(limits.maxPayloadBytes, 'relatedInfo'),
      }
    case 'Accusation':
      return { type, offender: format.identity.read(reader), malice: readMalice(reader, skipEvent, depth) }
    case 'OpaquePayload':
      return { type, payload: format.payload.read(reader, limits.maxPayloadBytes) }
    case 'StartDkg':
      return { type, participants: readSet(reader, format) }
    case 'DkgResult':
      return { type, participants: readSet(reader, format), publicKeySet: readPoints(reader, limits, 'publicKeySet') }
    case 'DkgMessage':
      return { type, message: readDkgMessage(reader, limits) }
    default:
      return unreachable(type)
  }
}
