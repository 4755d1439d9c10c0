/**
 * @module wire/canonical/malice
 *
 * Codec of malice (parsec §9, §11). A carried event is read over, not opened: its own readers judge it.
 *
 * Guarantee: malice inside malice is read to a bounded depth.
 */

import { equalBytes } from '../../base/bytes.ts'
import { unreachable } from '../../base/errors.ts'
import { CodecError } from './errors.ts'
import type { CanonicalReader } from './reader.ts'
import { HASH_BYTES, MALICE_TYPES, type Malice } from './types.ts'
import type { CanonicalWriter } from './writer.ts'

/** How deep accusations may hold accusations: an accomplice's malice, or an event that is one. */
export const MAX_DEPTH = 8

/** Reads over one event at the given depth. */
export type SkipEvent = (reader: CanonicalReader, depth: number) => void

export function writeMalice(writer: CanonicalWriter, malice: Malice): void {
  writer.u32(MALICE_TYPES.indexOf(malice.type))
  switch (malice.type) {
    case 'UnexpectedGenesis':
    case 'MissingGenesis':
    case 'Fork':
    case 'InvalidAccusation':
      writer.fixed(malice.event)
      return
    case 'DuplicateVote':
      writer.fixed(malice.events[0]).fixed(malice.events[1])
      return
    case 'IncorrectGenesis':
    case 'OtherParentBySameCreator':
    case 'SelfParentByDifferentCreator':
    case 'InvalidRequest':
    case 'InvalidResponse':
      writer.fixed(malice.carried)
      return
    case 'Unprovable':
      return
    case 'Accomplice':
      writer.fixed(malice.event)
      writeMalice(writer, malice.malice)
      return
    default:
      unreachable(malice)
  }
}

export function readMalice(reader: CanonicalReader, skipEvent: SkipEvent, depth: number): Malice {
  if (depth > MAX_DEPTH) {
    throw new CodecError({ code: 'LimitExceeded', what: 'malice depth', limit: MAX_DEPTH, actual: depth })
  }
  const tag = reader.u32()
  const type = MALICE_TYPES[tag]
  switch (type) {
    case undefined:
      return reader.unknownTag('malice', tag)
    case 'UnexpectedGenesis':
    case 'MissingGenesis':
    case 'Fork':
    case 'InvalidAccusation':
      return { type, event: reader.fixed(HASH_BYTES) }
    case 'DuplicateVote': {
      const at = reader.offset
      const first = reader.fixed(HASH_BYTES)
      const second = reader.fixed(HASH_BYTES)
      if (equalBytes(first, second)) throw new CodecError({ code: 'InvalidValue', offset: at, what: 'equal votes' })
      return { type, events: [first, second] }
    }
    case 'IncorrectGenesis':
    case 'OtherParentBySameCreator':
    case 'SelfParentByDifferentCreator':
    case 'InvalidRequest':
    case 'InvalidResponse': {
      const start = reader.offset
      skipEvent(reader, depth + 1)
      return { type, carried: reader.bytes.subarray(start, reader.offset) }
    }
    case 'Unprovable':
      return { type }
    case 'Accomplice':
      return { type, event: reader.fixed(HASH_BYTES), malice: readMalice(reader, skipEvent, depth + 1) }
    default:
      return unreachable(type)
  }
}
