/**
 * @module wire/checkpoint/statement
 *
 * What the voters sign at a checkpoint (parsec §8): `u64 epoch, u64 position, [32] chain hash, [32] state digest, set of
 * next voters`. A signature covers domain and group id before it, as those of events and votes do.
 */

import { type Bytes, concatBytes, utf8 } from '../../base/bytes.ts'
import type { CanonicalFormat } from '../canonical/format.ts'
import { readSet, writeSet } from '../canonical/observation.ts'
import { CanonicalReader } from '../canonical/reader.ts'
import { HASH_BYTES, type PeerId } from '../canonical/types.ts'
import { CanonicalWriter } from '../canonical/writer.ts'

export interface CheckpointStatement {
  /** How often the voters changed, up to here. */
  readonly epoch: number
  /** How many blocks the chain hash covers. */
  readonly position: number
  readonly chainHash: Bytes
  readonly stateDigest: Bytes
  /** In order of id. */
  readonly nextVoters: readonly PeerId[]
}

const DOMAIN = utf8('witan/checkpoint/1')

export function encodeStatement(statement: CheckpointStatement): Bytes {
  const { epoch, position, chainHash, stateDigest, nextVoters } = statement
  const writer = new CanonicalWriter().u64(epoch).u64(position).fixed(chainHash).fixed(stateDigest)
  writeSet(writer, nextVoters)
  return writer.finish()
}

export function readStatement(reader: CanonicalReader, format: CanonicalFormat): CheckpointStatement {
  return {
    epoch: reader.u64(),
    position: reader.u64(),
    chainHash: reader.fixed(HASH_BYTES),
    stateDigest: reader.fixed(HASH_BYTES),
    nextVoters: readSet(reader, format),
  }
}

/** Exactly one statement; throws a `CodecError`. */
export function decodeStatement(bytes: Bytes, format: CanonicalFormat): CheckpointStatement {
  const reader = new CanonicalReader(bytes)
  const statement = readStatement(reader, format)
  reader.finish()
  return statement
}

/** What a signature of an encoded statement covers. */
export function checkpointMessage(groupId: Bytes, statement: Bytes): Bytes {
  return concatBytes(DOMAIN, groupId, statement)
}
