/**
 * @module wire/canonical/dkg
 *
 * Codec of the messages of key generation (parsec §10, §11). Only the form is judged here: points and ciphertexts stay
 * bytes.
 */

import type { Bytes } from '../../base/bytes.ts'
import type { CanonicalLimits } from './limits.ts'
import type { CanonicalReader } from './reader.ts'
import type { DkgMessage } from './types.ts'
import type { CanonicalWriter } from './writer.ts'

/** A compressed point of G1. */
export const POINT_BYTES = 48

export function writePoints(writer: CanonicalWriter, points: readonly Bytes[]): void {
  writer.u64(points.length)
  for (const point of points) writer.fixed(point)
}

export function readPoints(reader: CanonicalReader, limits: CanonicalLimits, what: string): readonly Bytes[] {
  const count = reader.count(POINT_BYTES, limits.maxEventBytes, what)
  return Array.from({ length: count }, () => reader.fixed(POINT_BYTES))
}

function writeCiphertexts(writer: CanonicalWriter, ciphertexts: readonly Bytes[]): void {
  writer.u64(ciphertexts.length)
  for (const ciphertext of ciphertexts) writer.byteString(ciphertext)
}

function readCiphertexts(reader: CanonicalReader, limits: CanonicalLimits): readonly Bytes[] {
  const count = reader.count(8, limits.maxSetItems, 'ciphertexts')
  return Array.from({ length: count }, () => reader.byteString(limits.maxEventBytes, 'ciphertext'))
}

export function writeDkgMessage(writer: CanonicalWriter, message: DkgMessage): void {
  if (message.type === 'Part') {
    writer.u32(0).u64(message.generation).u64(message.part.degree)
    writePoints(writer, message.part.commitment)
    writeCiphertexts(writer, message.part.rows)
  } else {
    writer.u32(1).u64(message.generation).u64(message.ack.proposer)
    writeCiphertexts(writer, message.ack.values)
  }
}

export function readDkgMessage(reader: CanonicalReader, limits: CanonicalLimits): DkgMessage {
  const tag = reader.u32()
  if (tag > 1) return reader.unknownTag('DkgMessage', tag)
  const generation = reader.u64()
  if (tag === 1) {
    return { type: 'Ack', generation, ack: { proposer: reader.u64(), values: readCiphertexts(reader, limits) } }
  }
  const degree = reader.u64()
  const commitment = readPoints(reader, limits, 'commitment')
  return { type: 'Part', generation, part: { degree, commitment, rows: readCiphertexts(reader, limits) } }
}
